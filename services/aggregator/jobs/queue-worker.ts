import { setTimeout as pause } from "node:timers/promises";
import { PlenaryError } from "@plenary/protocol";
import { type Job, WaitingError } from "bullmq";
import type { Log } from "../rounds/context.ts";
import type { JobContext, JobDefinition } from "./job.ts";
import { JOBS } from "./queue.ts";
import type { QueueStore } from "./queue-store.ts";

/** Work may keep the event loop busy for a while before a lock is renewed. */
const LOCK_MILLISECONDS = 60_000;
/** How long a job in hand may take to finish when the worker stops, before it is given back. */
const FINISH_MILLISECONDS = 1_000;
/** How long giving back may take, in all. */
const GIVE_BACK_MILLISECONDS = 500;

export interface RunningJobs {
  /**
   * Takes no more jobs. Those in hand get a second to finish and are then given back to the queue.
   * Resolves with whether all have finished: what a job that was given back still holds stays held
   * until the process ends.
   */
  close(): Promise<boolean>;
}

/** Runs jobs as they come, `concurrency` at a time. Throws as `openQueue` does. */
export async function startJobs(
  store: QueueStore,
  { concurrency, log }: { readonly concurrency: number; readonly log: Log },
  work: JobContext,
): Promise<RunningJobs> {
  // One for each job in hand. A single promise that all jobs wait for would keep every one of them.
  const stops = new Set<() => void>();
  let gaveBack = false;
  const run = async (job: Job, token?: string) => {
    const running = runJob(work, job);
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    stops.add(stop);
    try {
      if (await isFirst(running, stopped)) return;
    } finally {
      stops.delete(stop);
    }
    running.catch(() => {});
    gaveBack = true;
    await job.moveToWait(token);
    throw new WaitingError();
  };
  const worker = await store.openWorker(run, {
    concurrency,
    lockDuration: LOCK_MILLISECONDS,
    stalledInterval: LOCK_MILLISECONDS / 4,
    maxStalledCount: 5,
    autorun: false,
  });
  worker.on("failed", (job, error) =>
    log.warn(
      { err: error, job: job?.name, data: job?.data, attempts: job?.attemptsMade },
      "a job failed",
    ),
  );
  worker.run().catch((error: unknown) => log.warn({ err: error }, "the queue does not answer"));
  return {
    async close() {
      const closed = worker.close().then(() => true);
      const inTime = await Promise.race([closed, pause(FINISH_MILLISECONDS, false)]);
      for (const stop of stops) stop();
      const ended = inTime || (await Promise.race([closed, pause(GIVE_BACK_MILLISECONDS, false)]));
      return ended && !gaveBack;
    },
  };
}

/** Whether `work` ends before `other`. Rejects if `work` fails first. */
async function isFirst(work: Promise<void>, other: Promise<void>): Promise<boolean> {
  return Promise.race([work.then(() => true), other.then(() => false)]);
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
