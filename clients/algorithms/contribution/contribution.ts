import type { Accumulator } from "../aggregators/index.ts";
import type { Strategy } from "../strategies/index.ts";

/**
 * Utility of a model, an integer that replays exactly: minus the sum of squared errors of predictions in units of 2^-24, on the held-out
 * answers that the federation names.
 */
export type Evaluate = (model: Int32Array) => Promise<bigint | number>;

/** What a round offers to a contribution measure. */
export interface ScoredRound {
  readonly strategy: Strategy;
  readonly base: Int32Array;
  readonly state: Int32Array;
  readonly next: Int32Array;
  /** The sum of all counted updates. A measure may take updates out, and must leave the accumulator as it was. */
  readonly accumulator: Accumulator;
  readonly counted: readonly ScoredUpdate[];
  readonly evaluate: Evaluate;
}

export interface ScoredUpdate {
  readonly weight: number;
  /** The update, decoded anew: a round never holds more than one. */
  delta(): Promise<Int32Array>;
}

/** How much each counted update was worth, in integers. A score of 0 or less pays nothing. */
export interface Contribution {
  readonly name: string;
  /** Scores in the order of `round.counted`. */
  score(round: ScoredRound): Promise<bigint[]>;
}
