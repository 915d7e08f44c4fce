import { setTimeout as pause } from "node:timers/promises";

const POLL_MILLISECONDS = 100;
const PATIENCE_SECONDS = 120;

/**
 * Resolves when `isThere` does, which is asked again and again. Throws, naming `what` was waited
 * for, after two minutes: a slow machine passes, a test that waits for nothing does not hang.
 */
export async function until(what: string, isThere: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 1_000 * PATIENCE_SECONDS;
  while (!(await isThere())) {
    if (Date.now() > end) throw new Error(`Waited ${PATIENCE_SECONDS} s for ${what}.`);
    await pause(POLL_MILLISECONDS);
  }
}
