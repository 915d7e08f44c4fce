import type { WeightedDelta } from "../kernels/index.ts";
import type { Rule } from "../rule.ts";

export type { WeightedDelta };

/**
 * Makes one update of all updates of a round. Pure: equal updates give equal bits on every machine.
 */
export interface Aggregator {
  readonly name: string;
  readonly rule: Rule;
  /**
   * The aggregate of at least one update, all of one length, with positive integer weights. The
   * result does not depend on their order. Throws `round-inconsistent` without an update,
   * `invalid-input` on lengths that differ and `weight-out-of-range` on weights that are not
   * positive or add up to 2^26 or more.
   */
  aggregate(updates: readonly WeightedDelta[]): Int32Array;
  /**
   * Present if the rule needs only one update at a time: then a round is never held in memory
   * whole.
   */
  readonly incremental?: {
    /** An aggregate of nothing, for updates of `parameterCount` entries. */
    start(parameterCount: number): RunningAggregate;
  };
}

/**
 * An aggregate that updates are added to and taken from. Its memory depends on the parameter count
 * alone; its result is what `aggregate` gives for the updates that it holds.
 */
export interface RunningAggregate {
  /** Sum of the weights that it holds, below 2^26. */
  readonly totalWeight: number;
  /** Number of updates that it holds. */
  readonly count: number;
  /** Adds an update. Throws as `aggregate` does, and then holds what it held before. */
  fold(delta: Int32Array, weight: number): void;
  /** Takes out an update that was folded in with this weight. Throws `round-inconsistent`. */
  remove(delta: Int32Array, weight: number): void;
  /**
   * The aggregate; it can be added to afterwards. Throws `round-inconsistent` if it holds nothing.
   */
  finish(): Int32Array;
}
