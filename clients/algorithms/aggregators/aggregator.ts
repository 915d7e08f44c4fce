import type { WeightedDelta } from "../kernels/index.ts";

export type { WeightedDelta };

/** How the updates of a round become one. */
export interface Aggregator {
  readonly name: string;
  /** An accumulator with nothing in it, for updates of `parameterCount` entries. */
  create(parameterCount: number): Accumulator;
  /** The accumulator that `snapshot` was taken of. Throws `invalid-input` on other bytes. */
  restore(snapshot: Uint8Array): Accumulator;
}

/**
 * A running aggregate. Its memory depends on the parameter count alone; its result depends on the multiset of updates alone, not on
 * their order, nor on how they were split between accumulators that were joined.
 */
export interface Accumulator {
  readonly parameterCount: number;
  /** Sum of the weights folded in, below 2^26. */
  readonly totalWeight: number;
  /** Number of updates folded in. */
  readonly count: number;
  /** Adds an update. Throws `invalid-input` on a wrong length and `weight-out-of-range` on a weight that is not 1 .. 2^26 - 1 in all. */
  fold(delta: Int32Array, weight: number): void;
  /** Folds updates that are ready together: faster than one by one, and all or none if one is refused. */
  foldAll(updates: readonly WeightedDelta[]): void;
  /** Takes out an update that was folded in before with this weight. */
  remove(delta: Int32Array, weight: number): void;
  /** Adds all that `other`, of the same aggregator and parameter count, holds. */
  join(other: Accumulator): void;
  /** The aggregate. Throws `round-inconsistent` if nothing was folded in. The accumulator stays usable. */
  finish(): Int32Array;
  /** Bytes from which `restore` makes an equal accumulator: what a worker stores to survive a restart. */
  snapshot(): Uint8Array;
}
