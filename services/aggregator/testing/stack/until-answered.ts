import assert from "node:assert/strict";
import { Refusal } from "../actors/client.ts";

export const PAUSE_MILLISECONDS = 20;
/** A bound for a service that has stopped for good, far above what restarts take. */
const MOST_SECONDS = 300;

/** Asks again while the service is away or has no answer yet, as a member's client does. */
export async function untilAnswered<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + 1_000 * MOST_SECONDS;
  for (let last: unknown; ; ) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!isPassing(error)) throw error;
      last = error;
    }
    if (performance.now() > end)
      throw new Error(`The service gave no answer for ${MOST_SECONDS} s.`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
  }
}

/**
 * A connection that broke, a service that cannot answer now, or a round that does not exist yet.
 */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Refusal))
    return error instanceof Error && !(error instanceof assert.AssertionError);
  return error.status >= 500 || error.code === "not-found";
}
