import { REGISTRIES, type Registries } from "@plenary/algorithms";
import { pino } from "pino";
import { advancedClock } from "../chain/chain-clock.ts";
import { solanaLedger } from "../chain/solana-ledger.ts";
import { type JobQueue, openQueue } from "../jobs/queue.ts";
import { systemClock } from "../rounds/clock.ts";
import type { Context } from "../rounds/context.ts";
import { type Evaluator, trainingEvaluator } from "../rounds/lifecycle/evaluator.ts";
import { type Files, folderBlobStore, nodeFiles } from "../store/blobs/index.ts";
import { openDatabase } from "../store/database.ts";
import { storeOn } from "../store/index.ts";
import { migrate } from "../store/migrate.ts";
import { chainFetch } from "./chain-fetch.ts";
import type { Config } from "./config.ts";
import { logOutput } from "./log-output.ts";

/** What both processes are made of. */
export interface Service {
  readonly context: Context;
  readonly queue: JobQueue;
  readonly evaluator: Evaluator;
  close(): Promise<void>;
}

export type ServiceLog = ReturnType<typeof createLog>;

export function createLog(name: string, level: string) {
  // Readers of the log must not be able to repeat requests.
  const redact = ["req.headers.authorization", "req.headers.cookie"];
  return pino({ name, level, redact }, logOutput);
}

/** The parts of the machine that the service works on. */
export interface Machine {
  readonly files: Files;
  readonly fetch: typeof fetch;
}

const THIS_MACHINE: Machine = { files: nodeFiles, fetch };

export interface ServiceSettings {
  /** The plug-ins that configurations may name; those that Plenary comes with by default. */
  readonly registries: Registries;
  readonly machine: Machine;
}

/** Brings the database up to date and opens everything that the configuration names. */
export async function openService(
  config: Config,
  log: ServiceLog,
  { registries = REGISTRIES, machine = THIS_MACHINE }: Partial<ServiceSettings> = {},
): Promise<Service> {
  const migrations = await migrate(config.databaseUrl);
  if (migrations.length > 0) log.info({ migrations }, "the database was brought up to date");
  const blobs = await folderBlobStore(config.blobFolder, machine.files);
  const database = openDatabase(config.databaseUrl, (error) =>
    log.warn({ err: error }, "a database connection broke"),
  );
  const queue = await openQueue({
    redisUrl: config.redisUrl,
    databaseUrl: config.databaseUrl,
    log,
  });
  if (queue.store.name === "postgresql")
    log.info(
      "no REDIS_URL: the queue lives in the database, which is slower and differs in nothing else",
    );
  const evaluator = trainingEvaluator(blobs);
  const ledger = solanaLedger(config, chainFetch(machine.fetch, log));
  const context: Context = {
    database,
    storeOn,
    store: storeOn(database.queries),
    blobs,
    ledger,
    scheduler: queue,
    clock: systemClock,
    chainClock: advancedClock(ledger.now),
    log,
    aggregatorKey: config.aggregatorKey,
    registries,
  };
  return {
    context,
    queue,
    evaluator,
    async close() {
      await queue.close();
      await evaluator.close();
      await database.close();
    },
  };
}
