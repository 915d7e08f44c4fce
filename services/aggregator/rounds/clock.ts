/**
 * The service's clock, which dates receipts, events and requests. Deadlines that the chain enforces
 * go by the chain's clock (chain-clock.ts).
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
