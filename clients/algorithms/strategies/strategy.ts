import type { Rule } from "../rule.ts";

/** Vectors of int32, each as long as the model, that a rule keeps from round to round. */
export type StateVectors = readonly Int32Array[];

/** The server's step. Pure: equal arguments give equal bits on every machine. */
export interface Strategy {
  readonly name: string;
  readonly rule: Rule;
  /** The state before the first round: `rule.stateVectors` vectors of `parameterCount` zeros. */
  init(parameterCount: number): StateVectors;
  /**
   * The next model and state. `base`, `aggregate` and every vector of `state` have one length.
   * Arguments are left as they are.
   */
  apply(base: Int32Array, aggregate: Int32Array, state: StateVectors): StrategyStep;
}

/** The next model in fixed point, and the server state after it. */
export interface StrategyStep {
  readonly next: Int32Array;
  readonly state: StateVectors;
}
