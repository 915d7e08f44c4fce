import { pino } from "pino";
import { carriedOn } from "../chain/chain-clock.ts";
import { solanaLedger } from "../chain/solana-ledger.ts";
import { followFaultPlan } from "../faults/faults.ts";
import { faultyContext, faultyFetch, faultyFiles } from "../faults/faulty.ts";
import { type JobQueue, openQueue } from "../jobs/queue.ts";
import { systemClock } from "../rounds/clock.ts";
import type { Context } from "../rounds/context.ts";
import { type Evaluator, trainingEvaluator } from "../rounds/lifecycle/evaluator.ts";
import { BLOB_STORES, nodeFiles } from "../store/blobs/index.ts";
import { openDatabase } from "../store/database.ts";
import { storeOn } from "../store/index.ts";
import { migrate } from "../store/migrate.ts";
import type { Config } from "./config.ts";

/** What both processes are made of. */
export interface Service {
  readonly context: Context;
  readonly queue: JobQueue;
  readonly evaluator: Evaluator;
  close(): Promise<void>;
}

export type ServiceLog = ReturnType<typeof createLog>;

export function createLog(name: string, level: string) {
  // What authenticates a request is no business of the log's readers.
  return pino({ name, level, redact: ["req.headers.authorization", "req.headers.cookie"] });
}

/** Brings the database up to date and opens everything that the configuration names. */
export async function openService(config: Config, log: ServiceLog): Promise<Service> {
  const migrations = await migrate(config.databaseUrl);
  if (migrations.length > 0) log.info({ migrations }, "the database was brought up to date");
  const faults = config.faultPlan === undefined ? undefined : followFaultPlan(config.faultPlan);
  if (faults !== undefined)
    log.warn({ plan: config.faultPlan }, "this process breaks where a test says so");
  const files = faults === undefined ? nodeFiles : faultyFiles(nodeFiles, faults);
  const blobs = await BLOB_STORES.file(config.blobFolder, files);
  const database = openDatabase(config.databaseUrl, (error) =>
    log.warn({ err: error }, "a database connection broke"),
  );
  const queue = await openQueue({
    redisUrl: config.redisUrl,
    databaseUrl: config.databaseUrl,
    log,
  });
  if (queue.backend === "postgresql")
    log.info(
      "no REDIS_URL: the queue lives in the database, which is slower and differs in nothing else",
    );
  const evaluator = trainingEvaluator(blobs);
  const ledger = solanaLedger(config, faults === undefined ? undefined : faultyFetch(faults));
  const context: Context = {
    database,
    storeOn,
    store: storeOn(database.queries),
    blobs,
    ledger,
    scheduler: queue,
    clock: systemClock,
    chainClock: carriedOn(ledger.now),
    log,
    aggregatorKey: config.aggregatorKey,
  };
  return {
    context: faults === undefined ? context : faultyContext(context, faults),
    queue,
    evaluator,
    async close() {
      await queue.close();
      await evaluator.close();
      await database.close();
    },
  };
}
