import { advancedClock } from "../../chain/chain-clock.ts";
import type { Context } from "../../rounds/context.ts";
import type { Files } from "../../store/blobs/index.ts";
import type { Database } from "../../store/database.ts";
import { type Store, storeOn } from "../../store/index.ts";
import {
  BLOB_CALLS,
  CHAIN_CALLS,
  DATABASE_CALLS,
  FILE_CALLS,
  FILES_CALLS,
  LEDGER_CALLS,
  QUEUE_CALLS,
  STORE_CALLS,
} from "./fault-points.ts";
import type { Faults } from "./faults.ts";

/*
 * The service's boundaries with fault points around every call. Only tests install them.
 */

export function faultyContext(context: Context, faults: Faults): Context {
  const repositories: Context["storeOn"] = (queries) => faultyStore(storeOn(queries), faults);
  const ledger = around(context.ledger, "ledger", LEDGER_CALLS, faults);
  return {
    ...context,
    storeOn: repositories,
    store: repositories(context.database.queries),
    database: faultyDatabase(context.database, faults),
    ledger,
    clock: { now: () => context.clock.now() + faults.clockOffset() },
    chainClock: advancedClock(ledger.now),
    scheduler: around(context.scheduler, "queue", QUEUE_CALLS, faults),
    blobs: around(context.blobs, "blobs", BLOB_CALLS, faults),
  };
}

export function faultyFiles(files: Files, faults: Faults): Files {
  return around(
    {
      ...files,
      create: async (path) => around(await files.create(path), "file", FILE_CALLS, faults),
    },
    "files",
    FILES_CALLS,
    faults,
  );
}

/** A fetch for JSON-RPC, with points named after the method that is called. */
export function faultyFetch(faults: Faults, real: typeof fetch = fetch): typeof fetch {
  return async (input, init) => {
    const method = methodOf(init?.body);
    if (!(method in CHAIN_CALLS))
      throw new Error(`The JSON-RPC method ${method} has no fault points.`);
    await faults.cross(`chain/${method}/before`);
    const response = await real(input, init);
    await faults.cross(`chain/${method}/after`);
    return response;
  };
}

function methodOf(body: unknown): string {
  const request: unknown = typeof body === "string" ? JSON.parse(body) : undefined;
  const named = typeof request === "object" && request !== null && "method" in request;
  return named && typeof request.method === "string" ? request.method : "";
}

function faultyDatabase(database: Database, faults: Faults): Database {
  const transaction: Database["transaction"] = (work) =>
    database.transaction(async (queries) => {
      const result = await work(queries);
      await faults.cross("database/transaction/commit");
      return result;
    });
  return around({ ...database, transaction }, "database", DATABASE_CALLS, faults);
}

function faultyStore(store: Store, faults: Faults): Store {
  const entries = Object.entries(STORE_CALLS).map(([name, calls]) => [
    name,
    around(store[name as keyof Store], `store.${name}`, calls, faults),
  ]);
  return Object.fromEntries(entries) as Store;
}

type Call = (...parameters: unknown[]) => Promise<unknown>;

/** The same object with points before and after each of these calls. */
function around<T extends object>(
  target: T,
  boundary: string,
  calls: Readonly<Record<string, true>>,
  faults: Faults,
): T {
  const wrapped = new Map<string, Call>();
  for (const call of Object.keys(calls)) {
    const real = Reflect.get(target, call) as Call;
    wrapped.set(call, async (...parameters: unknown[]) => {
      await faults.cross(`${boundary}/${call}/before`);
      const result = await real.apply(target, parameters);
      await faults.cross(`${boundary}/${call}/after`);
      return result;
    });
  }
  return { ...target, ...Object.fromEntries(wrapped) };
}
