import { setTimeout as sleep } from "node:timers/promises";
import type { Liveness } from "./process-description.ts";

/**
 * Checks a process until the signal aborts. Resolves with whether it hangs: whether as many
 * checks in a row as `liveness` allows have failed or taken too long.
 */
export async function hangs(liveness: Liveness, until: AbortSignal): Promise<boolean> {
  const { check, intervalMs, failures } = liveness;
  for (let failed = 0; failed < failures; ) {
    await sleep(intervalMs, undefined, { signal: until }).catch(() => undefined);
    if (until.aborted) return false;
    const timeout = AbortSignal.timeout(intervalMs);
    const late = new Promise<never>((_, reject) => {
      timeout.addEventListener("abort", () => reject(timeout.reason), { once: true });
    });
    const answered = await Promise.race([check(timeout), late]).then(
      () => true,
      () => false,
    );
    failed = answered ? 0 : failed + 1;
  }
  return !until.aborted;
}
