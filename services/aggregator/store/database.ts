import {
  Kysely,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type Transaction,
} from "kysely";
import { Pool, type PoolClient, types } from "pg";
import { databaseUnavailable, isDatabaseUnavailable } from "./database-errors.ts";
import type { Schema } from "./schema.ts";

/** What repositories run on: the pool, or one transaction. */
export type Queries = Kysely<Schema> | Transaction<Schema>;

export interface Database {
  readonly queries: Kysely<Schema>;
  /** Runs `work` in one transaction: all of it takes effect, or nothing. */
  transaction<T>(work: (queries: Transaction<Schema>) => Promise<T>): Promise<T>;
  /**
   * Runs `work` while holding the advisory lock `name`. Resolves with undefined at once if another
   * session holds the lock.
   */
  withLock<T>(name: string, work: () => Promise<T>): Promise<T | undefined>;
  /** A connection for LISTEN, which the caller releases. */
  connect(): Promise<PoolClient>;
  /** Throws `database-unavailable` unless the database can be written. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const BYTEA = types.builtins.BYTEA;
const INT8 = types.builtins.INT8;
const NUMERIC = types.builtins.NUMERIC;

/** For this pool only: int8 and numeric(20) become bigint, bytea becomes Uint8Array. */
const parsers = {
  getTypeParser(oid: number, format?: "text" | "binary"): (text: string) => unknown {
    if (oid === INT8 || oid === NUMERIC) return (text) => BigInt(text);
    if (oid === BYTEA) return (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));
    return types.getTypeParser(oid, format);
  },
};

/**
 * Opens a pool. Nothing is connected until the first query. `onError` is told of idle connections
 * that break.
 */
export function openDatabase(url: string, onError: (error: Error) => void): Database {
  const pool = new Pool({
    connectionString: url,
    max: 16,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    types: parsers,
  });
  pool.on("error", onError);
  // A connection that breaks while it is in use fails its query and then emits an error, which
  // would end the process if nobody listened.
  pool.on("connect", (client) => client.on("error", onError));
  const queries = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: sound(pool) }) });
  return {
    queries,
    transaction: (work) => guarded(() => queries.transaction().execute(work)),
    withLock: (name, work) => withLock(pool, name, work),
    connect: () => guarded(() => pool.connect()),
    ping: () => guarded(() => checkWritable(pool)),
    close: () => queries.destroy(),
  };
}

/**
 * The pool, except that a connection is closed after a query that found the database unusable: a
 * session that began on a standby, or while the database was read-only, stays so.
 */
function sound(pool: Pool): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect();
      let broken: Error | undefined;
      const query = async <R>(text: string, values: unknown[]): Promise<R> => {
        try {
          return (await client.query(text, values)) as R;
        } catch (error) {
          if (error instanceof Error && isDatabaseUnavailable(error)) broken = error;
          throw error;
        }
      };
      return { query, release: () => client.release(broken) } as PostgresPoolClient;
    },
    end: () => pool.end(),
  };
}

/** Throws `database-unavailable` in a session that can only read, and closes that session. */
async function checkWritable(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query("SHOW transaction_read_only");
    if (rows[0]?.transaction_read_only !== "off")
      throw databaseUnavailable(new Error("The database can only be read, as a standby can."));
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/**
 * A session lock: PostgreSQL gives it up when its connection ends, so a killed process holds
 * nothing.
 */
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

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDatabaseUnavailable(error) ? databaseUnavailable(error) : error;
  }
}
