import { type ErrorCode, PlenaryError } from "@plenary/protocol";

/** How often and how patiently to try again. Pauses in milliseconds. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Longest pause before the second attempt; doubles with each further one. */
  readonly firstPause: number;
  readonly longestPause: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, firstPause: 250, longestPause: 10_000 };

/** What may succeed when tried again without any change. Everything else is a refusal. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "rate-limited",
  "database-unavailable",
  "queue-unavailable",
  "chain-unavailable",
  "service-unavailable",
  "shutting-down",
]);

/** A passing failure. `retryAfter`, where the service stated one, is the shortest pause in milliseconds. */
export function isRetryable(error: unknown): error is PlenaryError {
  return (
    error instanceof PlenaryError && RETRYABLE.has(error.code) && error.context.permanent !== true
  );
}

/** Runs `work` until it succeeds, fails for good, or the policy's attempts are used up; the last error is thrown. */
export async function withRetries<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt >= policy.attempts || !isRetryable(error)) throw error;
      await pause(pauseAfter(policy, attempt, error), signal);
    }
  }
}

/** Exponential backoff with full jitter: clients that failed together must not come back together. */
export function pauseAfter(policy: RetryPolicy, attempt: number, error?: PlenaryError): number {
  const ceiling = Math.min(policy.longestPause, policy.firstPause * 2 ** (attempt - 1));
  const stated = error?.context.retryAfter;
  return Math.max(Math.random() * ceiling, typeof stated === "number" ? stated : 0);
}

/** Waits; rejects with the signal's reason when it is aborted meanwhile. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const finish = () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    function stop(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}
