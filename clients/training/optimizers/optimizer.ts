/** Moments of an optimiser. The caller keeps them from round to round. */
export interface OptimizerState {
  /** Steps since the state was made. */
  readonly step: number;
  /** Running means, each as long as the parameter vector; empty for an optimiser without any. */
  readonly moments: readonly Float32Array[];
}

/** The settings that an optimiser reads. */
export interface OptimizerSettings {
  readonly weightDecay: number;
}

/**
 * Pure pair: `init` makes a state, `apply` changes `parameters` in place and returns the next
 * state.
 */
export interface Optimizer {
  init(parameterCount: number): OptimizerState;
  apply(update: OptimizerUpdate): OptimizerState;
}

/**
 * One step on the parameters from `from` to `to` (exclusive). Vectors are as long as the model; the
 * step changes parameters and state in place.
 */
export interface OptimizerUpdate {
  readonly parameters: Float32Array;
  readonly gradient: Float32Array;
  readonly state: OptimizerState;
  readonly learningRate: number;
  readonly settings: OptimizerSettings;
  /** Part of the vectors to move: from (included) to (excluded). */
  readonly from: number;
  readonly to: number;
}
