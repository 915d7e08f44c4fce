import { setTimeout as sleep } from "node:timers/promises";
import { PlenaryError } from "@plenary/protocol";
import pRetry from "p-retry";

const PAUSE_MS = 300;

/** Whether an error passes once the supervisor has restarted the part that failed. */
export function isPassing(error: unknown): boolean {
  if (error instanceof PlenaryError) {
    return (
      error.code.endsWith("-unavailable") ||
      error.code === "shutting-down" ||
      error.code === "internal"
    );
  }
  // What web3.js and fetch throw when nobody answers.
  return error instanceof Error && /fetch failed|terminated|ECONN|socket/i.test(error.message);
}

/** Repeats work that fails while a part is restarted, until it succeeds or the signal aborts. */
export async function waitOut<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return pRetry(work, {
    retries: Number.POSITIVE_INFINITY,
    factor: 1,
    minTimeout: PAUSE_MS,
    signal,
    shouldRetry: ({ error }) => isPassing(error),
  });
}

/** Waits between two looks at something that changes by itself. Rejects once `signal` aborts. */
export async function pause(signal: AbortSignal): Promise<void> {
  await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
