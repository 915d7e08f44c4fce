import type { Registries } from "@plenary/algorithms";
import type { ChainClock } from "../chain/chain-clock.ts";
import type { Ledger } from "../chain/ledger.ts";
import type { BlobStore } from "../store/blobs/index.ts";
import type { Database, Queries } from "../store/database.ts";
import type { Store } from "../store/index.ts";
import type { Clock } from "./clock.ts";
import type { Scheduler } from "./scheduler.ts";

/** The domain's log. A pino logger fits. */
export interface Log {
  info(context: object, message: string): void;
  warn(context: object, message: string): void;
  error(context: object, message: string): void;
}

/** What every verb of the domain works with. */
export interface Context {
  readonly database: Database;
  /** The repositories on a connection; `store` is outside any transaction. */
  readonly storeOn: (queries: Queries) => Store;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly ledger: Ledger;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly chainClock: ChainClock;
  readonly log: Log;
  /** Signs receipts: the secret key (64 bytes) of `ledger.aggregator`. */
  readonly aggregatorKey: Uint8Array;
  /** The plug-ins that federations may name. */
  readonly registries: Registries;
}

/** Runs `work` in one database transaction with repositories on it. */
export function inTransaction<T>(context: Context, work: (store: Store) => Promise<T>): Promise<T> {
  return context.database.transaction((queries) => work(context.storeOn(queries)));
}
