import {
  type AnswerSet,
  type Checkpoint,
  type RandomStream,
  randomStream,
  type Seed,
  toFloat32,
} from "@plenary/protocol";
import { applyStep } from "./apply-step.ts";
import { TrainingError } from "./errors.ts";
import { requireModelLength } from "./model-length.ts";
import { optimizers } from "./optimizers/index.ts";
import type { OptimizerState } from "./optimizers/optimizer.ts";
import { cosineSchedule } from "./optimizers/schedule.ts";
import type { ParameterBlock, Predictor } from "./predictors/predictor.ts";
import { type PriorStep, priorStepOf } from "./prior-step.ts";
import { type RoundStart, roundStart } from "./round-start.ts";
import type { Engine, Feeds, Session } from "./sessions/engine.ts";
import type { TrainingSettings } from "./settings.ts";
import { drawTask, type GroupShares, sharesOf, type Task } from "./tasks.ts";
import { trainableGroups } from "./trainable-groups.ts";

/** What a member's training in one round depends on: the same input gives the same steps. */
export interface TrainRoundInput {
  readonly predictor: Predictor;
  readonly training: TrainingSettings;
  /** The round's downloaded model, fixed point. */
  readonly base: Int32Array;
  /**
   * The member's own answers. Nothing of them leaves this function, except through the parameters.
   */
  readonly answers: AnswerSet;
  readonly round: number;
  /** The member's own seed: with the round's number it fixes every draw. */
  readonly seed: Seed;
  readonly engine: Engine;
  /** The optimiser's state after the member's last update that counts; absent: a new one. */
  readonly optimizerState?: OptimizerState | undefined;
  /**
   * What an audit will ask for. With checkpoints the optimiser starts with a new state: a state
   * from elsewhere could hold any update.
   */
  readonly checkpoints?: CheckpointPlan | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Keeps the state of training every so many steps, for audits. */
export interface CheckpointPlan {
  /** Steps between two checkpoints. The last one is taken after the last step in any case. */
  readonly every: number;
  /** Called with checkpoint 1, 2, ..., each a copy. */
  keep(checkpoint: Checkpoint): void;
}

/** A step that is done, of how many, and its loss. */
export interface TrainingProgress {
  /** Steps done, 1 .. steps. */
  readonly step: number;
  readonly steps: number;
  /** Loss of the last step. */
  readonly loss: number;
}

/** The trained parameters, and the cells that they were trained on. */
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
 * A member's part of one round: `localSteps` optimiser steps from the downloaded model on its own
 * answers, taking its groups in turn. The same input gives the same bits with the same engine on
 * one machine, and with the wasm engine on every machine. Each step blocks the event loop: where
 * that matters, use `openTrainingWorker`. Throws `model-mismatch`, `training-diverged` and
 * `aborted`; `answers-invalid` from the protocol.
 */
export async function trainRound(input: TrainRoundInput): Promise<TrainRoundResult> {
  const { predictor, training, checkpoints, onProgress, signal } = input;
  if (checkpoints !== undefined && input.optimizerState !== undefined) {
    throw new TrainingError(
      "optimizer-state-invalid",
      "a training with checkpoints starts with a new optimiser; leave the saved state out",
    );
  }
  const run = await openTrainingRun(input);
  const parameters = run.start.slice();
  let state = startState(training, predictor, input.optimizerState);
  const steps = training.localSteps;
  let total = 0;
  for (let step = 0; step < steps; step += 1) {
    if (signal?.aborted)
      throw new TrainingError("aborted", "training was stopped before the round's end", { step });
    const { loss, next } = await takeStep(run, { step, parameters, state });
    state = next;
    total += loss;
    const done = step + 1;
    if (checkpoints !== undefined && (done % checkpoints.every === 0 || done === steps))
      checkpoints.keep(checkpointOf(done, parameters, state));
    onProgress?.({ step: done, steps, loss });
  }
  if (!parameters.every(Number.isFinite)) throw diverged(steps);
  const { weight, finish } = run;
  return { after: finish(parameters), weight, loss: total / steps, steps, optimizerState: state };
}

/** Training from one checkpoint, or from the start, up to a step: what an auditor runs again. */
export interface TrainSegmentInput
  extends Pick<
    TrainRoundInput,
    "predictor" | "training" | "base" | "answers" | "round" | "seed" | "engine"
  > {
  /** The checkpoint to begin at; null for the round's beginning. */
  readonly from: Checkpoint | null;
  /** The step to stop after. */
  readonly to: number;
}

/**
 * The checkpoint at the end of a part of a round's training. With the same engine it has the same
 * bits as in `trainRound`, and it throws as that does.
 */
export async function trainSegment(input: TrainSegmentInput): Promise<Checkpoint> {
  const { predictor, training, from, to } = input;
  const run = await openTrainingRun(input);
  const parameters = from === null ? run.start.slice() : from.parameters.slice();
  const saved = from === null ? undefined : { step: from.optimizerStep, moments: from.moments };
  let state = startState(training, predictor, saved);
  const first = from?.step ?? 0;
  // Draws follow each other in one stream, so that those of the earlier steps are made and dropped.
  for (let step = 0; step < first; step += 1) run.tasks(step);
  for (let step = first; step < to; step += 1)
    state = (await takeStep(run, { step, parameters, state })).next;
  return checkpointOf(to, parameters, state);
}

/** The weight of an update trained on these answers. Throws `answers-invalid`. */
export function trainingWeight(
  answers: AnswerSet,
  { questionnaire }: Pick<Predictor, "questionnaire">,
): number {
  return weightOf(trainableGroups(sharesOf(answers, questionnaire)));
}

function weightOf(groups: readonly GroupShares[]): number {
  return groups.reduce((cells, group) => cells + group.answers.length, 0);
}

/** What is the same in every step of a round. */
interface TrainingRun extends RoundStart {
  readonly predictor: Predictor;
  readonly training: TrainingSettings;
  readonly round: number;
  readonly member: readonly GroupShares["answers"][];
  readonly weight: number;
  readonly program: ReturnType<Predictor["training"]>;
  readonly session: Session;
  readonly priorStep: PriorStep;
  /** The tasks of a step; asked for once each, in order. */
  tasks(step: number): Task[];
}

async function openTrainingRun(
  input: Pick<
    TrainRoundInput,
    "predictor" | "training" | "base" | "answers" | "round" | "seed" | "engine"
  >,
): Promise<TrainingRun> {
  const { predictor, training, round } = input;
  requireModelLength(predictor, input.base);
  const groups = trainableGroups(sharesOf(input.answers, predictor.questionnaire));
  const program = predictor.training({
    tasks: training.tasksPerStep,
    questions: training.context[1] + training.targets[1],
  });
  const random = randomStream(input.seed, "training", round);
  const begun = roundStart(predictor, toFloat32(input.base), groups);
  return {
    predictor,
    training,
    round,
    ...begun,
    priorStep: priorStepOf(predictor, training, groups, begun.start),
    member: groups.map((group) => group.answers),
    weight: weightOf(groups),
    program,
    session: await input.engine.load(program.model),
    tasks: (step) => drawTasks(groups, training, random, step),
  };
}

interface Position {
  readonly step: number;
  /** Changed in place, like the moments. */
  readonly parameters: Float32Array;
  readonly state: OptimizerState;
}

async function takeStep(
  run: TrainingRun,
  { step, parameters, state }: Position,
): Promise<{ loss: number; next: OptimizerState }> {
  const { blocks, training, start, member, program, session } = run;
  const feeds = { ...program.feeds(start, run.tasks(step), member), theta: parameters };
  const { loss, gradient } = await gradientAt(session, feeds, step);
  const rate = rateOf(training, run.round, step / training.localSteps);
  const last = step === training.localSteps - 1;
  const { priorStep } = run;
  const move = { blocks, training, rate, parameters, gradient, state, priorStep, last };
  return { loss, next: applyStep(move) };
}

/** The schedule's factor on a block's rate, when this part of the round is done. */
function rateOf({ schedule, scheduleRounds }: TrainingSettings, round: number, done: number) {
  const shared = schedule === "cosine" ? cosineSchedule((round + done) / scheduleRounds) : 1;
  return ({ schedule: own }: ParameterBlock): number =>
    own === undefined
      ? shared
      : Math.max(shared, own.rate * cosineSchedule((own.round + done) / own.rounds));
}

function checkpointOf(step: number, parameters: Float32Array, state: OptimizerState): Checkpoint {
  if (![parameters, ...state.moments].every((vector) => vector.every(Number.isFinite)))
    throw diverged(step);
  const moments = state.moments.map((moment) => moment.slice());
  return { step, optimizerStep: state.step, parameters: parameters.slice(), moments };
}

function drawTasks(
  groups: readonly GroupShares[],
  training: TrainingSettings,
  random: RandomStream,
  step: number,
): Task[] {
  const first = step * training.tasksPerStep;
  return Array.from({ length: training.tasksPerStep }, (_, task) =>
    drawTask(groups[(first + task) % groups.length]!, training, random),
  );
}

async function gradientAt(
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
      `the saved optimiser state does not belong to ${training.optimizer} on ${predictor.parameterCount} parameters; delete it, and a new one is started`,
    );
  }
  return { step: state.step, moments: state.moments.map((moment) => moment.slice()) };
}
