import { createPlugin, type Registry } from "../plugin.ts";
import { clip } from "./clip.ts";
import type { UpdateStep } from "./update-step.ts";

export { type CompressedUpdate, compress } from "./compress.ts";
export {
  applyPipeline,
  initPipeline,
  type Pipeline,
  type PipelineOutput,
  type PipelineState,
} from "./pipeline.ts";
export { type SignedEnvelope, signEnvelope, signUpdate, type UpdateSubject } from "./sign.ts";
export { decodePipelineState, encodePipelineState } from "./state-bytes.ts";
export type { UpdateStep, UpdateStepInput, UpdateStepOutput } from "./update-step.ts";

/** The update steps that come with Plenary, by the name in a configuration's `pipeline`. */
export const updateSteps = { clip } as const satisfies Registry<UpdateStep>;

/** The step that a configuration names. Throws `invalid-input` on a wrong name or parameter. */
export function createUpdateStep(
  configuration: { readonly name: string },
  registry: Registry<UpdateStep> = updateSteps,
): UpdateStep {
  return createPlugin("pipeline step", registry, configuration);
}
