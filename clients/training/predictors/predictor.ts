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

/** A part of the parameter vector, with the optimiser that moves it. */
export interface ParameterBlock {
  readonly name: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
  /**
   * `network`: the configured optimiser; `prior`: plain gradient steps with the prior's own rate.
   */
  readonly role: "network" | "prior";
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
  /** The first model of a federation, in fixed point (value x 2^24). */
  initialParameters(seed: Seed): Int32Array;
  /**
   * Positions of the questions that no member has trained in a model (fixed point), where the
   * predictor treats these differently.
   */
  untrained?(model: Int32Array): readonly number[];
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
