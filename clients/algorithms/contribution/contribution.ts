import type { CountedUpdate } from "../aggregators/index.ts";

/**
 * Utility of a model, an integer that replays exactly: minus the sum of squared errors of
 * predictions, in units of 2^-24, on the held-out answers that the federation names.
 */
export type Evaluate = (model: Int32Array) => Promise<bigint | number>;

/** What a round offers to a contribution measure. */
export interface ScoredRound {
  /** The model after the round. */
  readonly next: Int32Array;
  /** The model that the round would have without the counted update at `index`. */
  nextWithout(index: number): Promise<Int32Array>;
  readonly counted: readonly Pick<CountedUpdate, "weight">[];
  readonly evaluate: Evaluate;
}

/** Measures the worth of each counted update in integers. A score of 0 or less pays nothing. */
export interface Contribution {
  readonly name: string;
  /** Scores in the order of `round.counted`. */
  score(round: ScoredRound): Promise<bigint[]>;
}
