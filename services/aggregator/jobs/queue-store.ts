import type { Job, Queue, Worker, WorkerOptions } from "bullmq";
import type { Log } from "../rounds/context.ts";

/** The queue's name in whichever store it lives. */
export const QUEUE = "plenary";

/** Where the queue lives: Redis, or BullMQ's tables in PostgreSQL. */
export interface QueueStore {
  readonly name: "redis" | "postgresql";
  openQueue(): Promise<Queue>;
  /** A worker that does not run yet. */
  openWorker(process: Processor, options: Partial<WorkerOptions>): Promise<Worker>;
  /** Throws while the queue cannot be written. */
  probe(queue: Queue): Promise<void>;
  /** Closes what the queue and the workers were opened on. */
  close(): void;
}

export type Processor = (job: Job, token?: string) => Promise<void>;

const SAID_EVERY_MILLISECONDS = 30_000;
const FAILED_PAUSE_MILLISECONDS = 1_000;

/** Says that the queue is away, though not with each of the many calls that fail meanwhile. */
export type Complaint = (error: unknown) => void;

export function complainTo(log: Log): Complaint {
  let last = Number.NEGATIVE_INFINITY;
  return (error) => {
    const now = performance.now();
    if (now - last < SAID_EVERY_MILLISECONDS) return;
    last = now;
    log.warn({ err: error }, "the queue does not answer");
  };
}

/** Pauses when taking a job fails, as it does while a store is full. BullMQ asks again at once. */
export function patient(Base: typeof Worker): typeof Worker {
  return class PatientWorker extends Base {
    protected override async moveToActive(token: string, name?: string): Promise<Job> {
      try {
        return await super.moveToActive(token, name);
      } catch (error) {
        await this.delay(FAILED_PAUSE_MILLISECONDS);
        throw error;
      }
    }
  };
}
