import { PlenaryError } from "@plenary/protocol";
import type { Codec } from "../codecs/index.ts";
import type { ScreeningLimits } from "../screening/limits.ts";
import type { StateVectors } from "../strategies/index.ts";
import { type CompressedUpdate, compress } from "./compress.ts";
import type { UpdateStep } from "./update-step.ts";

/** The steps of a member's update, from training to the payload that the member signs. */
export interface Pipeline {
  readonly steps: readonly UpdateStep[];
  readonly codec: Codec;
  readonly screening: ScreeningLimits;
}

/** The state of each step, in their order. */
export type PipelineState = readonly StateVectors[];

/** What a member uploads in a round, and the state that its next round begins with. */
export interface PipelineOutput extends CompressedUpdate {
  readonly state: PipelineState;
}

/** The state before a member's first round. */
export function initPipeline({ steps }: Pipeline, parameterCount: number): PipelineState {
  return steps.map((step) => step.init(parameterCount));
}

/**
 * Takes an update through the steps, one after the other, and compresses it. `state` is what the
 * last counted update left, or initPipeline's. Throws `invalid-input` on a state of other steps.
 */
export function applyPipeline(
  pipeline: Pipeline,
  delta: Int32Array,
  state: PipelineState,
): PipelineOutput {
  if (state.length !== pipeline.steps.length)
    throw new PlenaryError(
      "invalid-input",
      `The state is that of ${state.length} steps, the pipeline has ${pipeline.steps.length}.`,
      { expected: pipeline.steps.length, actual: state.length },
    );
  return applyFrom(pipeline, 0, delta, state);
}

function applyFrom(
  pipeline: Pipeline,
  place: number,
  delta: Int32Array,
  state: PipelineState,
): PipelineOutput {
  const step = pipeline.steps[place];
  if (step === undefined)
    return { ...compress(delta, pipeline.codec, pipeline.screening), state: [] };
  const behind = (handed: Int32Array) => applyFrom(pipeline, place + 1, handed, state);
  const received = (handed: Int32Array) => behind(handed).decoded;
  const output = step.apply({ delta, state: state[place]!, received });
  const sent = behind(output.delta);
  return { ...sent, state: [output.state, ...sent.state] };
}
