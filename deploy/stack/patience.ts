import { PlenaryError } from "@plenary/protocol";

const PAUSE_MS = 300;

/** Whether an error will pass when the part that failed is back; its supervisor sees to that. */
export function isPassing(error: unknown): boolean {
  if (error instanceof PlenaryError) {
    return (
      error.code.endsWith("-unavailable") ||
      error.code === "shutting-down" ||
      error.code === "internal"
    );
  }
  // What web3.js and fetch throw when nobody answers.
  return (
    error instanceof TypeError ||
    (error instanceof Error && /fetch failed|ECONN|socket/i.test(error.message))
  );
}

/** Repeats what failed because a part is being restarted, until the signal. */
export async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    await pause();
  }
}

/** Between two looks at something that changes by itself. */
export function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, PAUSE_MS));
}
