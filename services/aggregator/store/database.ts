import { PlenaryError } from "@plenary/protocol";
import { Kysely, PostgresDialect, type Transaction } from "kysely";
import { Pool, type PoolClient, types } from "pg";
import type { Schema } from "./schema.ts";

/** What repositories run on: the pool or one transaction. */
export type Queries = Kysely<Schema> | Transaction<Schema>;

export interface Database {
  readonly queries: Kysely<Schema>;
  /** Runs `work` in one transaction: all of it or nothing. */
  transaction<T>(work: (queries: Transaction<Schema>) => Promise<T>): Promise<T>;
  /** Runs `work` while holding the advisory lock `name`; returns undefined at once if another session holds it. */
  withLock<T>(name: string, work: () => Promise<T>): Promise<T | undefined>;
  /** A connection of its own, for LISTEN. The caller releases it. */
  connect(): Promise<PoolClient>;
  /** Throws `database-unavailable` if the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const BYTEA = types.builtins.BYTEA;
const INT8 = types.builtins.INT8;
const NUMERIC = types.builtins.NUMERIC;

/** int8 and numeric(20) as bigint and bytea as Uint8Array, for this pool only. */
const parsers = {
  getTypeParser(oid: number, format?: "text" | "binary"): (text: string) => unknown {
    if (oid === INT8 || oid === NUMERIC) return (text) => BigInt(text);
    if (oid === BYTEA) return (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));
    return types.getTypeParser(oid, format);
  },
};

/** Opens a pool. Nothing is connected until the first query; `onError` hears of idle connections that break. */
export function openDatabase(url: string, onError: (error: Error) => void): Database {
  const pool = new Pool({
    connectionString: url,
    max: 16,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    types: parsers,
  });
  pool.on("error", onError);
  // A connection that breaks in use tells its query and then everybody; without a listener that would end the process.
  pool.on("connect", (client) => client.on("error", onError));
  const queries = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  return {
    queries,
    transaction: (work) => guarded(() => queries.transaction().execute(work)),
    withLock: (name, work) => withLock(pool, name, work),
    connect: () => guarded(() => pool.connect()),
    ping: async () => {
      await guarded(() => pool.query("SELECT 1"));
    },
    close: () => queries.destroy(),
  };
}

/** A session lock: PostgreSQL gives it up when its connection ends, so that a killed process holds nothing. */
async function withLock<T>(
  pool: Pool,
  name: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const client = await guarded(() => pool.connect());
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.once("error", onError);
  try {
    const { rows } = await client.query(
      "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken",
      [name],
    );
    if (rows[0]?.taken !== true) return undefined;
    try {
      return await work();
    } finally {
      await client
        .query("SELECT pg_advisory_unlock(hashtextextended($1, 0))", [name])
        .catch(onError);
    }
  } finally {
    client.off("error", onError);
    client.release(broken);
  }
}

const CONNECTION_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "57P01",
  "57P02",
  "57P03",
  "08000",
  "08003",
  "08006",
  "53300",
]);
const CONNECTION_MESSAGE =
  /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/;

/** Whether an error says that the database cannot be reached, as opposed to one about a query. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && typeof error.code === "string" && CONNECTION_CODES.has(error.code))
    return true;
  if (error instanceof AggregateError) return error.errors.some(isConnectionFailure);
  return CONNECTION_MESSAGE.test(error.message);
}

/** Whether an insert met a row that another transaction has just written. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isConnectionFailure(error) ? databaseUnavailable(error) : error;
  }
}

export function databaseUnavailable(cause: unknown): PlenaryError {
  return new PlenaryError(
    "database-unavailable",
    "The service cannot reach its database. Nothing accepted was lost; try again in a moment.",
    {},
    { cause },
  );
}
