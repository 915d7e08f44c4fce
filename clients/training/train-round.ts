import { type AnswerSet, toFloat32 } from "@plenary/protocol";
import { TrainingError } from "./errors.ts";
import { optimizers } from "./optimizers/index.ts";
import type { OptimizerState } from "./optimizers/optimizer.ts";
import { cosineSchedule } from "./optimizers/schedule.ts";
import type { ParameterBlock, Predictor } from "./predictors/predictor.ts";
import { randomStream, type Seed } from "./random.ts";
import type { Engine, Feeds, Session } from "./sessions/engine.ts";
import type { TrainingSettings } from "./settings.ts";
import { drawTask, type GroupShares, sharesOf, type Task } from "./tasks.ts";

export interface TrainRoundInput {
  readonly predictor: Predictor;
  readonly training: TrainingSettings;
  /** The round's downloaded model, fixed point. */
  readonly base: Int32Array;
  /** The member's own answers; they do not leave this function but through what the parameters learn. */
  readonly answers: AnswerSet;
  readonly round: number;
  /** The member's own seed: with the round's number it fixes every draw. */
  readonly seed: Seed;
  readonly engine: Engine;
  /** What the member's last round returned; absent: the optimiser starts anew. */
  readonly optimizerState?: OptimizerState | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TrainingProgress {
  /** Steps done, 1 .. steps. */
  readonly step: number;
  readonly steps: number;
  /** Loss of the last step. */
  readonly loss: number;
}

export interface TrainRoundResult {
  /** Parameters after training; the update is `deltaOf(base, after)`. */
  readonly after: Float32Array;
  /** (question, group) cells trained on: the update's weight. */
  readonly weight: number;
  /** Mean loss over the round's steps. */
  readonly loss: number;
  readonly steps: number;
  readonly optimizerState: OptimizerState;
}

/**
 * A member's part of one round: `localSteps` optimiser steps from the downloaded model on its own answers,
 * taking its groups in turn. The same input gives the same bits with the same engine on one machine, and
 * with the wasm engine on every machine. Blocks the event loop during each step: use `openTrainingWorker`
 * where that matters. Throws `model-mismatch`, `training-diverged`, `aborted`; `answers-invalid` from the
 * protocol.
 */
export async function trainRound(input: TrainRoundInput): Promise<TrainRoundResult> {
  const { predictor, training, engine, onProgress, signal } = input;
  requireModelLength(predictor, input.base);
  const groups = trainableGroups(sharesOf(input.answers, predictor.questionnaire));
  const member = groups.map((group) => group.answers);
  const program = predictor.training({
    tasks: training.tasksPerStep,
    questions: training.context[1] + training.targets[1],
  });
  const session = await engine.load(program.model);
  const base = toFloat32(input.base);
  const random = randomStream(input.seed, "training", input.round);
  const parameters = base.slice();
  let state = startState(training, predictor, input.optimizerState);
  let total = 0;
  for (let step = 0; step < training.localSteps; step += 1) {
    if (signal?.aborted)
      throw new TrainingError("aborted", "training was stopped before the round's end", { step });
    const tasks = drawTasks(groups, training, random, step);
    const feeds = { ...program.feeds(base, tasks, member), theta: parameters };
    const { loss, gradient } = await slopes(session, feeds, step);
    const progress = (input.round + step / training.localSteps) / training.scheduleRounds;
    const rate = training.schedule === "cosine" ? cosineSchedule(progress) : 1;
    state = applyStep({ predictor, training, rate, parameters, gradient, state });
    total += loss;
    onProgress?.({ step: step + 1, steps: training.localSteps, loss });
  }
  if (!parameters.every(Number.isFinite)) throw diverged(training.localSteps);
  const weight = groups.reduce((cells, group) => cells + group.answers.length, 0);
  const steps = training.localSteps;
  return { after: parameters, weight, loss: total / steps, steps, optimizerState: state };
}

/** Throws `model-mismatch` for a model of another configuration. */
export function requireModelLength(predictor: Predictor, model: Int32Array): void {
  if (model.length === predictor.parameterCount) return;
  throw new TrainingError(
    "model-mismatch",
    `the model has ${model.length} parameters, the ${predictor.configuration.name} predictor ${predictor.parameterCount}: they belong to different configurations`,
    { expected: predictor.parameterCount, actual: model.length },
  );
}

function trainableGroups(groups: readonly GroupShares[]): readonly GroupShares[] {
  const trainable = groups.filter((group) => group.answers.length >= 2);
  if (trainable.length > 0) return trainable;
  throw new TrainingError(
    "answers-invalid",
    "no group answers two questions or more, which training needs: one to show and one to ask",
    { groups: groups.length },
  );
}

function drawTasks(
  groups: readonly GroupShares[],
  training: TrainingSettings,
  random: ReturnType<typeof randomStream>,
  step: number,
): Task[] {
  const first = step * training.tasksPerStep;
  return Array.from({ length: training.tasksPerStep }, (_, task) =>
    drawTask(groups[(first + task) % groups.length]!, training, random),
  );
}

async function slopes(
  session: Session,
  feeds: Feeds,
  step: number,
): Promise<{ loss: number; gradient: Float32Array }> {
  const { loss, gradient } = await session.run(feeds);
  const value = loss?.[0];
  if (gradient === undefined || value === undefined || !Number.isFinite(value)) {
    throw diverged(step + 1);
  }
  return { loss: value, gradient };
}

function diverged(step: number): TrainingError {
  return new TrainingError(
    "training-diverged",
    `loss or parameters became infinite or undefined at step ${step}; lower the learning rate or set clipNorm`,
    { step },
  );
}

function startState(
  training: TrainingSettings,
  predictor: Predictor,
  state: OptimizerState | undefined,
): OptimizerState {
  const fresh = optimizers[training.optimizer].init(predictor.parameterCount);
  if (state === undefined) return fresh;
  const fits =
    state.moments.length === fresh.moments.length &&
    state.moments.every((moment) => moment.length === predictor.parameterCount);
  if (!fits) {
    throw new TrainingError(
      "optimizer-state-invalid",
      `the saved optimiser state does not belong to ${training.optimizer} on ${predictor.parameterCount} parameters; delete it to start anew`,
    );
  }
  return { step: state.step, moments: state.moments.map((moment) => moment.slice()) };
}

interface Step {
  readonly predictor: Predictor;
  readonly training: TrainingSettings;
  /** Factor of the schedule. */
  readonly rate: number;
  readonly parameters: Float32Array;
  readonly gradient: Float32Array;
  readonly state: OptimizerState;
}

function applyStep({ predictor, training, rate, parameters, gradient, state }: Step): OptimizerState {
  const network = predictor.blocks.filter((block) => block.role === "network");
  const prior = predictor.blocks.filter((block) => block.role === "prior");
  clip(gradient, network, training.clipNorm);
  const shared = { parameters, gradient };
  const settings = { weightDecay: training.weightDecay };
  let next = state;
  for (const { from, to } of network) {
    const update = { ...shared, state, from, to, settings, learningRate: training.learningRate * rate };
    next = optimizers[training.optimizer].apply(update);
  }
  for (const { from, to } of prior) {
    const update = { ...shared, state: { step: 0, moments: [] }, from, to, settings: { weightDecay: 0 } };
    optimizers.sgd.apply({ ...update, learningRate: training.priorLearningRate });
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
