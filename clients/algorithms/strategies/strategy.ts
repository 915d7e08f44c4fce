/** What the server makes of a round's mean update. Pure: equal arguments give equal bits on every machine. */
export interface Strategy {
  readonly name: string;
  /** Number in the Round account. */
  readonly id: number;
  /** Momentum in the Round account, in units of 2^-16; 0 for strategies without. */
  readonly momentum: number;
  /** Whether the program can judge a disputed round of this strategy. */
  readonly provable: boolean;
  /** Length of the server's state for a model of `parameterCount` entries; the first state is all zeros. */
  stateLength(parameterCount: number): number;
  /**
   * The next model and state. `base` and `mean` have one length, `state` has stateLength of it. Arguments are left as they are.
   */
  apply(base: Int32Array, mean: Int32Array, state: Int32Array): StrategyStep;
}

export interface StrategyStep {
  readonly next: Int32Array;
  readonly state: Int32Array;
}
