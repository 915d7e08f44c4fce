/** Code of a rule that the program has no module for: only a replay can check its rounds. */
export const CUSTOM_RULE = 255;

/** A rule of rounds, as it is recorded on chain. */
export interface Rule {
  /** The code of the program's module of the same name, or CUSTOM_RULE. */
  readonly code: number;
  /** Unsigned 32-bit integers. */
  readonly parameters: readonly number[];
  /** Vectors, each as long as the model, that the server keeps between rounds: 0 to 8. */
  readonly stateVectors: number;
}
