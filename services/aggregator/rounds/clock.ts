/**
 * The service's clock: it dates receipts, events and requests. What the chain enforces goes by the
 * chain's (chain-clock.ts).
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
