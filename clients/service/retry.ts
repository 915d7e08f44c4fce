/*
 * By hand, although p-retry is kept elsewhere: a pause here is random from zero, so that clients
 * that failed together do not come back together, and lasts as long as the service asks, within
 * limits.
 */
import { type ErrorCode, PlenaryError } from "@plenary/protocol";

/** How often to try, and how long to pause in between. Pauses are in milliseconds. */
export interface RetryPolicy {
  /** All attempts, including the first. */
  readonly attempts: number;
  /** The longest pause before the second attempt; it doubles with each further one. */
  readonly firstPause: number;
  readonly longestPause: number;
}

/** Six attempts. Pauses are random, at first up to 250 ms, doubling up to 10 s. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, firstPause: 250, longestPause: 10_000 };

/**
 * The longest pause that a service's `retry-after` can ask for, in milliseconds. The service's own
 * limits count per minute, so some minutes suffice. A mistaken or hostile header must not keep a
 * member from its rounds for a day.
 */
export const LONGEST_STATED_PAUSE = 5 * 60_000;

/** The longest that a timer can wait: beyond 2^31 - 1 ms `setTimeout` fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Refusals that may turn into success within seconds. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "rate-limited",
  "database-unavailable",
  "queue-unavailable",
  "chain-unavailable",
  "service-unavailable",
  "shutting-down",
]);

/** Failures in a row after which an error of the service itself is not taken for an outage. */
const INTERNAL_FAILURES = 200;

/** Whether one call is worth another attempt. Everything else is a refusal. */
export function isRetryable(error: unknown): error is PlenaryError {
  return (
    error instanceof PlenaryError && PASSING.has(error.code) && error.context.permanent !== true
  );
}

/**
 * Whether a process that runs for weeks should wait and try again. That is so for every error for
 * which a call is tried again, for a full disk, which lasts until the operator makes space, for a
 * transaction of unknown fate, and for a service that fails, unless it failed `INTERNAL_FAILURES`
 * times in a row: some minutes.
 */
export function isOutage(error: unknown, failures = 1): error is PlenaryError {
  if (isRetryable(error)) return true;
  if (!(error instanceof PlenaryError)) return false;
  // Such processes read the account before they send anything again.
  if (error.code === "storage-full" || error.code === "transaction-unknown") return true;
  return error.code === "internal" && failures <= INTERNAL_FAILURES;
}

/**
 * Runs `work` until it succeeds, is refused, or the attempts are used up. Throws the last error.
 */
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

/**
 * The pause after a failed attempt: random, below a ceiling that doubles, or as long as stated, up
 * to `LONGEST_STATED_PAUSE`.
 */
export function pauseAfter(policy: RetryPolicy, attempt: number, error?: PlenaryError): number {
  const ceiling = Math.min(policy.longestPause, policy.firstPause * 2 ** (attempt - 1));
  const stated = error?.context.retryAfter;
  const asked = typeof stated === "number" && stated > 0 ? stated : 0;
  return Math.max(Math.random() * ceiling, Math.min(asked, LONGEST_STATED_PAUSE));
}

/**
 * Waits, for 24 days at most. Rejects with the signal's reason if the signal is aborted meanwhile.
 */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const finish = () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(finish, Math.min(milliseconds, LONGEST_TIMER));
    function stop(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}
