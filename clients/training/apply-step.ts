import { optimizers } from "./optimizers/index.ts";
import type { OptimizerState } from "./optimizers/optimizer.ts";
import type { ParameterBlock, Predictor } from "./predictors/predictor.ts";
import { PLAIN_PRIOR_STEP, type PriorStep, shareGradient } from "./prior-step.ts";
import type { TrainingSettings } from "./settings.ts";

/**
 * One step of an optimiser. `parameters`, `gradient` and the state's vectors are as long as the
 * model.
 */
export interface OptimizerStep {
  readonly blocks: Predictor["blocks"];
  readonly training: TrainingSettings;
  /** The schedule's factor on the learning rate of a block of the network. */
  readonly rate: (block: ParameterBlock) => number;
  readonly parameters: Float32Array;
  readonly gradient: Float32Array;
  readonly state: OptimizerState;
  readonly priorStep: PriorStep;
  /** Whether this is the last step of the round. */
  readonly last: boolean;
}

/**
 * Moves the parameters along a gradient, in place: the network with the configured optimiser,
 * priors with plain steps.
 */
export function applyStep({
  blocks,
  training,
  rate,
  parameters,
  gradient,
  state,
  priorStep,
  last,
}: OptimizerStep): OptimizerState {
  const network = blocks.filter((block) => block.role === "network");
  const prior = blocks.filter((block) => block.role === "prior");
  clip(gradient, network, training.clipNorm);
  const shared = { parameters, gradient };
  const settings = { weightDecay: training.weightDecay };
  let next = state;
  for (const block of network) {
    const { from, to } = block;
    const update = {
      ...shared,
      state,
      from,
      to,
      settings,
      learningRate: training.learningRate * rate(block),
    };
    next = optimizers[training.optimizer].apply(update);
  }
  for (const { name, from, to, rate: factor = 1 } of prior) {
    const update = {
      ...shared,
      state: { step: 0, moments: [] },
      from,
      to,
      settings: { weightDecay: 0 },
    };
    const step = priorStep.block === name ? priorStep : PLAIN_PRIOR_STEP;
    shareGradient(step, gradient, from);
    const learningRate = training.priorLearningRate * factor * step.rate;
    optimizers.sgd.apply({ ...update, learningRate });
    if (last && step.keep !== 1) for (let i = from; i < to; i += 1) parameters[i]! *= step.keep;
  }
  return next;
}

/** Scales the network's gradient down to the norm; the sum runs in float64 in index order. */
function clip(gradient: Float32Array, blocks: readonly ParameterBlock[], norm: number): void {
  if (norm === 0) return;
  let squares = 0;
  for (const { from, to } of blocks)
    for (let i = from; i < to; i += 1) squares += gradient[i]! * gradient[i]!;
  const scale = norm / Math.sqrt(squares);
  if (scale >= 1) return;
  for (const { from, to } of blocks) for (let i = from; i < to; i += 1) gradient[i]! *= scale;
}
