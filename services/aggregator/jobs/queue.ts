import { setTimeout as pause } from "node:timers/promises";
import { PlenaryError, toBase58 } from "@plenary/protocol";
import { createPostgresBackend, type Job, Queue, Worker, withBackend } from "bullmq";
import type { Log } from "../rounds/context.ts";
import type { Scheduler } from "../rounds/scheduler.ts";
import { advanceFederationJob } from "./advance-federation.job.ts";
import { answerDisputesJob } from "./answer-disputes.job.ts";
import { evaluateRoundJob } from "./evaluate-round.job.ts";
import { finalizeRoundsJob } from "./finalize-rounds.job.ts";
import type { JobContext, JobDefinition } from "./job.ts";
import { screenUpdateJob } from "./screen-update.job.ts";

const QUEUE = "plenary";
/** A queue that does not answer must not hold up an upload that is already durable. */
const ENQUEUE_MILLISECONDS = 1_000;
/** Work may keep the event loop busy for a while before a lock is renewed. */
const LOCK_MILLISECONDS = 60_000;
const KEPT_FAILURES = 1_000;
const CONNECT_ATTEMPTS = 10;
const CONNECT_PAUSE_MILLISECONDS = 1_000;

/** All kinds of job, by name. */
export const JOBS = {
  screenUpdate: screenUpdateJob,
  advanceFederation: advanceFederationJob,
  answerDisputes: answerDisputesJob,
  finalizeRounds: finalizeRoundsJob,
  evaluateRound: evaluateRoundJob,
} as const;

export interface QueueSettings {
  /** Redis, if there is one; without it the queue lives in the database. */
  readonly redisUrl: string | undefined;
  readonly databaseUrl: string;
  readonly log: Log;
}

export interface JobQueue extends Scheduler {
  readonly backend: "redis" | "postgresql";
  /** BullMQ's own object, for its web page. */
  readonly queue: Queue;
  /** Throws `queue-unavailable`. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the producing end. Enqueueing never throws: what could not be queued is still due in the database. Throws `queue-unavailable` when
 * the database does not answer.
 */
export async function openQueue(settings: QueueSettings): Promise<JobQueue> {
  const queue = await connected(settings, () => createQueue(settings));
  const add = async <Data extends object>(
    job: JobDefinition<Data>,
    data: Data,
    jobId?: string,
  ): Promise<void> => {
    const options = {
      attempts: job.attempts,
      backoff: { type: "exponential", delay: 500 },
      priority: job.priority,
      removeOnComplete: true,
      // A failed job that is kept would keep its id: nobody could ask for it again.
      ...(jobId === undefined ? { removeOnFail: KEPT_FAILURES } : { jobId, removeOnFail: true }),
    };
    try {
      await inTime(queue.add(job.name, data, options));
    } catch (error) {
      settings.log.warn(
        { err: error, job: job.name },
        "a job could not be queued; the reconciler will",
      );
    }
  };
  return {
    backend: settings.redisUrl === undefined ? "postgresql" : "redis",
    queue,
    screenUpdate: (id) => add(JOBS.screenUpdate, { update: id.toString() }),
    advance: (federation) => add(JOBS.advanceFederation, { federation: toBase58(federation) }),
    answerDisputes: (federation) => add(JOBS.answerDisputes, { federation: toBase58(federation) }),
    finalize: (federation) => add(JOBS.finalizeRounds, { federation: toBase58(federation) }),
    evaluate: (federation, number) =>
      add(
        JOBS.evaluateRound,
        { federation: toBase58(federation), round: number.toString() },
        `evaluate-${toBase58(federation)}-${number}`,
      ),
    async check() {
      try {
        await inTime(queue.getWaitingCount());
      } catch (cause) {
        throw new PlenaryError(
          "queue-unavailable",
          "The job queue does not answer.",
          {},
          { cause },
        );
      }
    },
    close: () => queue.close(),
  };
}

/** Runs jobs as they come, `concurrency` at a time. Closing waits for those that run. Throws as openQueue does. */
export async function startJobs(
  settings: QueueSettings & { readonly concurrency: number },
  work: JobContext,
): Promise<{ close(): Promise<void> }> {
  const { log } = settings;
  const worker = await connected(settings, () =>
    createWorker(settings, (job) => runJob(work, job)),
  );
  worker.on("failed", (job, error) =>
    log.warn(
      { err: error, job: job?.name, data: job?.data, attempts: job?.attemptsMade },
      "a job failed",
    ),
  );
  worker.run().catch((error: unknown) => log.warn({ err: error }, "the queue does not answer"));
  return { close: () => worker.close() };
}

/** An end of the queue. */
interface End {
  on(event: "error", listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * BullMQ connects to PostgreSQL once: an end whose first connection fails, on a machine that is busy or whose database is just starting,
 * never works afterwards. So it is opened anew until it has connected; from then on it finds its way back. To Redis it does from the start.
 */
async function connected<Opened extends End>(
  { redisUrl, log }: QueueSettings,
  open: () => Opened,
): Promise<Opened> {
  for (let attempt = 1; ; attempt += 1) {
    const end = open();
    end.on("error", (error) => log.warn({ err: error }, "the queue does not answer"));
    if (redisUrl !== undefined) return end;
    try {
      await end.waitUntilReady();
      return end;
    } catch (cause) {
      log.warn({ err: cause, attempt }, "could not connect to the queue");
      await end.close().catch(() => {});
      if (attempt === CONNECT_ATTEMPTS)
        throw new PlenaryError(
          "queue-unavailable",
          "The job queue's database does not answer: check DATABASE_URL, or use Redis (REDIS_URL).",
          {},
          { cause },
        );
      await pause(CONNECT_PAUSE_MILLISECONDS);
    }
  }
}

async function runJob(work: JobContext, job: Job): Promise<void> {
  for (const definition of Object.values(JOBS)) {
    if (definition.name !== job.name) continue;
    return runAs(work, definition as JobDefinition<unknown>, job.data);
  }
  throw new PlenaryError(
    "invalid-input",
    `There is no job ${job.name}: was it queued by another version?`,
  );
}

async function runAs<Data>(
  work: JobContext,
  definition: JobDefinition<Data>,
  data: unknown,
): Promise<void> {
  await definition.run(work, definition.parse(data));
}

function createQueue({ redisUrl, databaseUrl }: QueueSettings): Queue {
  if (redisUrl !== undefined)
    return new Queue(QUEUE, {
      connection: { url: redisUrl, maxRetriesPerRequest: 1, enableOfflineQueue: false },
    });
  const { Queue: PostgresQueue } = withBackend(createPostgresBackend);
  const queue = new PostgresQueue(QUEUE, { connection: postgresConnection(databaseUrl) });
  return queue as unknown as Queue;
}

function createWorker(
  { redisUrl, databaseUrl, concurrency }: QueueSettings & { readonly concurrency: number },
  process: (job: Job) => Promise<void>,
): Worker {
  const options = {
    concurrency,
    lockDuration: LOCK_MILLISECONDS,
    stalledInterval: LOCK_MILLISECONDS / 4,
    maxStalledCount: 5,
    // Started once it is connected.
    autorun: false,
  };
  if (redisUrl !== undefined)
    return new Worker(QUEUE, process, {
      ...options,
      connection: { url: redisUrl, maxRetriesPerRequest: null },
    });
  const { Worker: PostgresWorker } = withBackend(createPostgresBackend);
  const worker = new PostgresWorker(QUEUE, process, {
    ...options,
    connection: postgresConnection(databaseUrl),
  });
  return worker as unknown as Worker;
}

/** BullMQ keeps its tables in a schema of its own, which it brings up to date when it connects. */
function postgresConnection(connectionString: string) {
  return {
    connectionString,
    max: 6,
    keepAlive: true,
    migrate: true,
    connectionTimeoutMillis: 5_000,
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), ENQUEUE_MILLISECONDS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
