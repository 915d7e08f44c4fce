const KEPT_MILLISECONDS = 5_000;

/**
 * The chain's time, which alone decides about deadlines: a machine's clock may be hours off, or may
 * be set while a round is open.
 */
export interface ChainClock {
  /**
   * Milliseconds since 1970, never ahead of the chain's clock while that runs. Throws
   * `chain-unavailable`.
   */
  now(): Promise<number>;
}

/** Reads the chain's clock every few seconds, and advances it in between with a monotonic clock. */
export function advancedClock(
  read: () => Promise<number>,
  elapsed: () => number = () => performance.now(),
): ChainClock {
  let known: KnownTime | undefined;
  let reading: Promise<KnownTime> | undefined;
  const refresh = async (): Promise<KnownTime> => {
    // Read before the elapsed time is taken: the time that the answer takes can then only make the
    // clock late, never early.
    const time = await read();
    known = { time, at: elapsed() };
    return known;
  };
  return {
    async now() {
      let current = known;
      if (current === undefined || elapsed() - current.at > KEPT_MILLISECONDS) {
        reading ??= refresh().finally(() => (reading = undefined));
        current = await reading;
      }
      return current.time + (elapsed() - current.at);
    },
  };
}

/** A time of the chain, and when it was read. */
interface KnownTime {
  readonly time: number;
  readonly at: number;
}
