import { setTimeout as pause } from "node:timers/promises";

const POLL_MILLISECONDS = 100;
const WAIT_SECONDS = 120;

/**
 * Asks `look` again and again, and resolves with its first answer that is not false. After
 * `seconds` it throws and names `what` was waited for: a slow machine passes, and a test that waits
 * for nothing does not hang.
 */
export async function until<T>(
  what: string | (() => string),
  look: () => T | false | Promise<T | false>,
  { seconds = WAIT_SECONDS, pollMilliseconds = POLL_MILLISECONDS } = {},
): Promise<T> {
  const end = performance.now() + 1_000 * seconds;
  for (;;) {
    const found = await look();
    if (found !== false) return found;
    if (performance.now() > end)
      throw new Error(`Waited ${seconds} s for ${typeof what === "string" ? what : what()}.`);
    await pause(pollMilliseconds);
  }
}
