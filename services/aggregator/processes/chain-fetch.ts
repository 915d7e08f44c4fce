import { setTimeout as pause } from "node:timers/promises";
import { statedPause } from "@plenary/protocol";
import type { Log } from "../rounds/context.ts";

/** Attempts in all; the last answer is handed on whatever it is. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MILLISECONDS = 500;
/** A longer wait would hold up the rounds; the caller tries again later. */
const LONGEST_PAUSE_MILLISECONDS = 10_000;
const SAID_EVERY_MILLISECONDS = 30_000;
const TOO_MANY_REQUESTS = 429;

/**
 * `fetch` for the chain's RPC: waits as long as a node asks that answers "too many requests", up to
 * 10 seconds each time, and says so now and then. web3.js would repeat at its own pace, with a
 * plain line each time.
 */
export function chainFetch(fetch: typeof globalThis.fetch, log: Log): typeof globalThis.fetch {
  let said = Number.NEGATIVE_INFINITY;
  const say = (milliseconds: number) => {
    const now = performance.now();
    if (now - said < SAID_EVERY_MILLISECONDS) return;
    said = now;
    log.warn({ milliseconds }, "the Solana node limits requests; waiting as it asks");
  };
  return async (input, init) => {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(input, init);
      if (response.status !== TOO_MANY_REQUESTS || attempt === ATTEMPTS) return response;
      await response.body?.cancel();
      const milliseconds = pauseBefore(attempt, response);
      say(milliseconds);
      await pause(milliseconds);
    }
  };
}

/** As long as the header says, or twice as long with each attempt; 10 seconds at most. */
function pauseBefore(attempt: number, { headers }: Response): number {
  const milliseconds = statedPause(headers) ?? FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1);
  return Math.min(milliseconds, LONGEST_PAUSE_MILLISECONDS);
}
