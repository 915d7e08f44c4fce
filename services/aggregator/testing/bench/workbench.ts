import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REGISTRIES, type Registries } from "@plenary/algorithms";
import { toBase58 } from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import { opened } from "../../../../testing/index.ts";
import type { JobContext } from "../../jobs/job.ts";
import { JOBS } from "../../jobs/queue.ts";
import type { Context } from "../../rounds/context.ts";
import { trainingEvaluator } from "../../rounds/lifecycle/evaluator.ts";
import { ModelCache } from "../../rounds/models/model-cache.ts";
import { RunningSums } from "../../rounds/updates/running-sums.ts";
import { createScreener } from "../../rounds/updates/screener.ts";
import { folderBlobStore } from "../../store/blobs/index.ts";
import { openDatabase } from "../../store/database.ts";
import { storeOn } from "../../store/index.ts";
import { migrate } from "../../store/migrate.ts";
import { MemoryLedger } from "../chain/memory-ledger.ts";
import { startDatabase } from "../stack/database.ts";

/** A job that was asked for. */
export type AskedJob =
  | { readonly name: "screenUpdate"; readonly data: { readonly update: string } }
  | {
      readonly name: "advanceFederation" | "answerDisputes" | "finalizeRounds";
      readonly data: { readonly federation: string };
    }
  | {
      readonly name: "evaluateRound";
      readonly data: { readonly federation: string; readonly round: string };
    };

/**
 * The domain on a real database and real files, with a chain in memory. Jobs run when a test says
 * so.
 */
export interface Workbench {
  readonly context: Context;
  readonly ledger: MemoryLedger;
  /** Jobs that were asked for and not taken yet. */
  readonly asked: AskedJob[];
  /** Milliseconds that the service's clock is ahead of the chain's. */
  skew: number;
  /** What one worker process keeps, on boundaries of its own where given. */
  worker(context?: Context): JobContext;
  run(worker: JobContext, job: AskedJob): Promise<void>;
  close(): Promise<void>;
}

export async function openWorkbench(registries: Registries = REGISTRIES): Promise<Workbench> {
  const folder = mkdtempSync(join(tmpdir(), "plenary-workbench-"));
  const started = await startDatabase(join(folder, "home"));
  await migrate(started.url);
  const database = openDatabase(started.url, () => {});
  const closeDatabase = opened(() => database.close());
  const blobs = await folderBlobStore(join(folder, "blobs"));
  const key = Keypair.generate();
  const ledger = new MemoryLedger(key);
  const asked: AskedJob[] = [];
  const evaluator = trainingEvaluator(blobs);
  const screener = createScreener(registries);
  const bench: Workbench = {
    ledger,
    asked,
    skew: 0,
    context: {
      database,
      storeOn,
      store: storeOn(database.queries),
      blobs,
      ledger,
      scheduler: schedulerInto(asked),
      clock: { now: () => ledger.time + bench.skew },
      chainClock: { now: () => ledger.now() },
      log: { info() {}, warn() {}, error() {} },
      aggregatorKey: key.secretKey,
      registries,
    },
    worker: (context = bench.context) => ({
      context,
      tools: {
        sums: new RunningSums(registries),
        models: new ModelCache(blobs),
        evaluator,
        screener,
      },
    }),
    run: async (worker, { name, data }) => {
      const definition = JOBS[name] as {
        run(work: JobContext, data: AskedJob["data"]): Promise<void>;
      };
      await definition.run(worker, data);
    },
    async close() {
      await screener.close();
      await evaluator.close();
      await closeDatabase();
      await started.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return bench;
}

function schedulerInto(asked: AskedJob[]): Context["scheduler"] {
  return {
    screenUpdate: async (id) =>
      void asked.push({ name: "screenUpdate", data: { update: id.toString() } }),
    advance: async (federation) =>
      void asked.push({ name: "advanceFederation", data: { federation: toBase58(federation) } }),
    answerDisputes: async (federation) =>
      void asked.push({ name: "answerDisputes", data: { federation: toBase58(federation) } }),
    finalize: async (federation) =>
      void asked.push({ name: "finalizeRounds", data: { federation: toBase58(federation) } }),
    evaluate: async (federation, number) =>
      void asked.push({
        name: "evaluateRound",
        data: { federation: toBase58(federation), round: number.toString() },
      }),
  };
}
