const FIRST_MILLISECONDS = 500;
const LONGEST_MILLISECONDS = 10_000;

/**
 * How often to ask again for work that stays due: at once, then after half a second, one second,
 * two, four, and at most every ten seconds. Uses a monotonic clock.
 */
export class Backoff {
  readonly #asked = new Map<string, { at: number; wait: number }>();
  readonly #elapsed: () => number;

  constructor(elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed;
  }

  /** Whether it is time to ask for `name`, which then counts as asked for. */
  isTime(name: string): boolean {
    const now = this.#elapsed();
    const last = this.#asked.get(name);
    if (last !== undefined && now - last.at < last.wait) return false;
    const wait = last === undefined ? FIRST_MILLISECONDS : last.wait * 2;
    this.#asked.set(name, { at: now, wait: Math.min(wait, LONGEST_MILLISECONDS) });
    return true;
  }

  /** Forgets what is no longer due: when it is due again, it is asked for at once. */
  keepOnly(due: ReadonlySet<string>): void {
    for (const name of this.#asked.keys()) if (!due.has(name)) this.#asked.delete(name);
  }
}
