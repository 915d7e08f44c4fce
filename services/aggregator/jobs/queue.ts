import { PlenaryError, toBase58 } from "@plenary/protocol";
import type { Queue } from "bullmq";
import pTimeout from "p-timeout";
import type { Log } from "../rounds/context.ts";
import type { Scheduler } from "../rounds/scheduler.ts";
import { advanceFederationJob } from "./advance-federation.job.ts";
import { answerDisputesJob } from "./answer-disputes.job.ts";
import { evaluateRoundJob } from "./evaluate-round.job.ts";
import { finalizeRoundsJob } from "./finalize-rounds.job.ts";
import type { JobDefinition } from "./job.ts";
import { openPostgresStore } from "./queue-postgres.ts";
import { openRedisStore } from "./queue-redis.ts";
import { complainTo, type QueueStore } from "./queue-store.ts";
import { screenUpdateJob } from "./screen-update.job.ts";

/** A queue that does not answer must not hold up an upload that is already durable. */
const ANSWER_MILLISECONDS = 1_000;
const RETRY_MILLISECONDS = 500;
const KEPT_FAILURES = 1_000;

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
  readonly store: QueueStore;
  /** BullMQ's own object, for its web page. */
  readonly queue: Queue;
  /** Throws `queue-unavailable` while no job can be queued. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the producing end. Enqueueing never throws: what could not be queued is still due in the
 * database. Throws `queue-unavailable` if the database does not answer, `invalid-input` if the
 * Redis is one that cannot hold the queue.
 */
export async function openQueue({ redisUrl, databaseUrl, log }: QueueSettings): Promise<JobQueue> {
  const store =
    redisUrl === undefined
      ? openPostgresStore(databaseUrl, log)
      : await openRedisStore(redisUrl, log);
  const queue = await store.openQueue();
  const add = adderTo(queue, log);
  return {
    store,
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
        await inTime(store.probe(queue));
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new PlenaryError(
          "queue-unavailable",
          `The job queue takes no jobs: ${reason}`,
          { reason },
          { cause },
        );
      }
    },
    async close() {
      await queue.close();
      store.close();
    },
  };
}

function adderTo(queue: Queue, log: Log) {
  const complain = complainTo(log);
  return async <Data extends object>(
    job: JobDefinition<Data>,
    data: Data,
    jobId?: string,
  ): Promise<void> => {
    const options = {
      attempts: job.attempts,
      backoff: { type: "exponential", delay: RETRY_MILLISECONDS },
      priority: job.priority,
      removeOnComplete: true,
      // A failed job that stayed would keep its id, and the same work could not be queued again.
      removeOnFail: jobId === undefined ? KEPT_FAILURES : true,
      ...(jobId === undefined ? {} : { jobId }),
    };
    try {
      await inTime(queue.add(job.name, data, options));
    } catch (error) {
      complain(error);
    }
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  // A refusal that comes after the timeout has nobody else to hear it.
  work.catch(() => {});
  return pTimeout(work, { milliseconds: ANSWER_MILLISECONDS, message: "no answer in time" });
}
