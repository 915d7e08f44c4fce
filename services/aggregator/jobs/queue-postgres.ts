import { PlenaryError } from "@plenary/protocol";
import { createPostgresBackend, type Queue, type Worker, withBackend } from "bullmq";
import pRetry from "p-retry";
import type { Log } from "../rounds/context.ts";
import { complainTo, patient, QUEUE, type QueueStore } from "./queue-store.ts";

const CONNECT_ATTEMPTS = 10;
const CONNECT_PAUSE_MILLISECONDS = 1_000;

/** The queue in PostgreSQL. Opening an end throws `queue-unavailable` if the database is away. */
export function openPostgresStore(databaseUrl: string, log: Log): QueueStore {
  const complain = complainTo(log);
  const connection = connectionOf(databaseUrl);
  const backed = withBackend(createPostgresBackend);
  // The classes are BullMQ's own on another backend, whose type parameter nothing here uses.
  const PostgresQueue = backed.Queue as unknown as typeof Queue;
  const PostgresWorker = patient(backed.Worker as unknown as typeof Worker);
  return {
    name: "postgresql",
    openQueue: () =>
      connected(log, () => new PostgresQueue(QUEUE, { connection }).on("error", complain)),
    openWorker: (process, options) =>
      connected(log, () =>
        new PostgresWorker(QUEUE, process, { ...options, connection }).on("error", complain),
      ),
    async probe(queue) {
      await queue.getWaitingCount();
    },
    close() {},
  };
}

/** BullMQ keeps its tables in a schema of its own, and brings it up to date when it connects. */
function connectionOf(connectionString: string) {
  return {
    connectionString,
    max: 6,
    keepAlive: true,
    migrate: true,
    connectionTimeoutMillis: 5_000,
  };
}

/** One end of the queue. */
interface End {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * BullMQ connects to PostgreSQL once. An end whose first connection fails, because the machine is
 * busy or the database is just starting, never works afterwards. So it is opened again until it has
 * connected; from then on it finds its way back by itself.
 */
async function connected<Opened extends End>(log: Log, open: () => Opened): Promise<Opened> {
  const attempt = async () => {
    const end = open();
    try {
      await end.waitUntilReady();
      return end;
    } catch (cause) {
      await end.close().catch(() => {});
      throw cause instanceof Error ? cause : new Error(String(cause));
    }
  };
  try {
    return await pRetry(attempt, {
      retries: CONNECT_ATTEMPTS - 1,
      factor: 1,
      minTimeout: CONNECT_PAUSE_MILLISECONDS,
      onFailedAttempt: ({ error, attemptNumber }) =>
        log.warn({ err: error, attempt: attemptNumber }, "could not connect to the queue"),
    });
  } catch (cause) {
    throw new PlenaryError(
      "queue-unavailable",
      "The job queue's database does not answer: check DATABASE_URL, or use Redis (REDIS_URL).",
      {},
      { cause },
    );
  }
}
