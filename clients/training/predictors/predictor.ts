import type { Questionnaire, Seed } from "@plenary/protocol";
import type { OnnxModel } from "../graph/emit.ts";
import type { Feeds, Results } from "../sessions/engine.ts";
import type { QuestionAnswer, Task } from "../tasks.ts";

/** Text embeddings of "<question> <option>", a row per option in the questionnaire's order. */
export interface EmbeddingTable {
  readonly count: number;
  readonly dimension: number;
  matrix(): Float32Array;
}

/** A question outside the questionnaire, with its options' embeddings. */
export interface NewQuestion {
  readonly options: number;
  /** Row-major [options, dimension]. */
  readonly embeddings: Float32Array;
}

/** Predictions for a task's targets, corrected by the task's context. */
export type Transfer = (task: Task, predicted: readonly Float32Array[]) => Float32Array[];

/** A part of the parameter vector, with the optimiser that moves it. */
export interface ParameterBlock {
  readonly name: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
  /**
   * `network`: the configured optimiser; `prior`: plain gradient steps with the prior's own rate;
   * `record`: no optimiser.
   */
  readonly role: "network" | "prior" | "record";
  /** Factor on the block's rate; 1 by default. */
  readonly rate?: number;
  /**
   * A schedule of the block's own: the round that it is in, of how many, and the rate that it
   * starts with. It holds as long as the federation's schedule gives less.
   */
  readonly schedule?: { readonly round: number; readonly rounds: number; readonly rate: number };
}

/** What a round's training does for questions that were added to the questionnaire. */
export interface RoundGrowth {
  /** The parameters that training starts from. */
  readonly start: Float32Array;
  /** The blocks in this round. */
  readonly blocks: readonly ParameterBlock[];
  /**
   * The parameters to upload, of a member that trained to `after` and answered these questions (by
   * position).
   */
  finish(after: Float32Array, answered: ReadonlySet<number>): Float32Array;
}

/**
 * A training step as a graph. The inputs include `theta`; the outputs are `loss` (one number) and
 * `gradient`.
 */
export interface TrainingProgram {
  readonly model: OnnxModel;
  /**
   * All inputs but `theta`. `base` is the downloaded model as float32, `member` all answers that
   * the member trains on, by group. There must be as many tasks as the program was built for.
   */
  feeds(
    base: Float32Array,
    tasks: readonly Task[],
    member: readonly (readonly QuestionAnswer[])[],
  ): Feeds;
}

/** Predictions as a graph. The inputs include `theta`. */
export interface PredictionProgram {
  readonly model: OnnxModel;
  feeds(theta: Float32Array, tasks: readonly Task[]): Feeds;
  /** Distribution over options for each target of each task. */
  read(results: Results, tasks: readonly Task[]): Float32Array[][];
}

/** The number of tasks of a program, and the most questions (context and targets) of a task. */
export interface ProgramShape {
  readonly tasks: number;
  readonly questions: number;
}

/** What a model knows about a question of the questionnaire. */
export interface QuestionState {
  /** Whether any member's answers have trained it. */
  readonly isTrained: boolean;
  /** Whether it was added, and its predictions are the same for all groups still. */
  readonly isYoung: boolean;
  /** Share of the last round's weight that answered it; null where that is not counted. */
  readonly reach: number | null;
}

/**
 * A model family for one questionnaire: its parameters, and the graphs that train it and predict
 * with it.
 */
export interface Predictor {
  readonly configuration: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly questionnaire: Questionnaire;
  readonly embeddings: EmbeddingTable;
  readonly parameterCount: number;
  readonly blocks: readonly ParameterBlock[];
  /** A round on this model, where questions can be added; absent where they cannot. */
  readonly grow?: (base: Float32Array) => RoundGrowth;
  /** Of each question, in order; absent where the predictor keeps nothing per question. */
  readonly questionStates?: (model: Int32Array) => readonly QuestionState[];
  /** The first model of a federation, in fixed point (value x 2^24). */
  initialParameters(seed: Seed): Int32Array;
  /**
   * Positions of the questions that no member has trained in a model (fixed point), where the
   * predictor treats these differently.
   */
  untrained?(model: Int32Array): readonly number[];
  /**
   * A model that has not trained these questions, and is otherwise the same: with it one can
   * measure how well the predictor does on questions that nobody has trained.
   */
  forget?(model: Int32Array, questions: readonly number[]): Int32Array;
  /**
   * Corrects predictions of questions that nobody trained in a model (fixed point) by the group's
   * answers to their relatives. Outside of the graph: only what people read takes it, and no
   * utility that others recompute.
   */
  transfer?(model: Int32Array, newQuestions: readonly NewQuestion[]): Transfer;
  /** Whether memory grows with the square of a task's questions, as where tokens attend. */
  readonly attends?: boolean;
  /** The training step, kept per shape, so that its session is kept too. */
  training(shape: ProgramShape): TrainingProgram;
  /**
   * Predictions of a model (fixed point). Questions after the questionnaire's last are
   * `newQuestions`, in order. Kept per shape while there are none.
   */
  prediction(
    shape: ProgramShape,
    model: Int32Array,
    newQuestions?: readonly NewQuestion[],
  ): PredictionProgram;
}
