import type { StateVectors } from "../strategies/index.ts";

/**
 * One step between training and compression. It runs on the member's machine. Pure: an auditor
 * repeats it bit for bit.
 */
export interface UpdateStep {
  readonly name: string;
  /** The step's state before a member's first round, for models of `parameterCount` entries. */
  init(parameterCount: number): StateVectors;
  /** Arguments are left as they are. */
  apply(input: UpdateStepInput): UpdateStepOutput;
}

/** What a step computes from. All vectors are fixed point, as long as the model. */
export interface UpdateStepInput {
  /** The update that the step before hands on. */
  readonly delta: Int32Array;
  readonly state: StateVectors;
  /**
   * The update that the round would add up if this step handed on that vector: the result of the
   * later steps and the codec. A step that keeps what compression loses needs it.
   */
  readonly received: (delta: Int32Array) => Int32Array;
}

/** The update for the next step, and the step's own state after it. */
export interface UpdateStepOutput {
  readonly delta: Int32Array;
  /** The member keeps it if the update counts; else the next round begins with the old state. */
  readonly state: StateVectors;
}
