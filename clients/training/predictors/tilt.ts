import { optionOffsets, parserOf, type Questionnaire } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import { add, exponential, logarithm, multiply, negate, rectify, subtract } from "../graph/elementwise.ts";
import { emitOnnx } from "../graph/emit.ts";
import { Graph } from "../graph/graph.ts";
import { affine, multiplyMatrices, solve } from "../graph/linear-algebra.ts";
import { reshape, sum, transpose } from "../graph/shape.ts";
import { detach, type Tensor } from "../graph/tensor.ts";
import type { Feeds } from "../sessions/engine.ts";
import type { QuestionAnswer, Task } from "../tasks.ts";
import { memoized } from "./memoized.ts";
import { logSoftmaxPerQuestion, type OptionLayout, optionLayout } from "./option-layout.ts";
import { firstValues, layOut, type ParameterSpecification, unpack } from "./parameters.ts";
import type {
  EmbeddingTable,
  NewQuestion,
  PredictionProgram,
  Predictor,
  TrainingProgram,
} from "./predictor.ts";

export const TiltSchema = Type.Object(
  {
    name: Type.Literal("tilt"),
    /** Length of an option's and of a group's vector. */
    latent: Type.Integer({ minimum: 1, maximum: 16 }),
    /** Hidden units of the network that maps an option's embedding to its vector. */
    hidden: Type.Integer({ minimum: 1, maximum: 4096 }),
  },
  { additionalProperties: false },
);
export type TiltConfiguration = Static<typeof TiltSchema>;

const parseTilt = parserOf(TiltSchema, "Configuration: predictor");

/** Features of an option beside its embedding: its place among the options, 1 / options, asked in the questionnaire. */
const EXTRA_FEATURES = 3;
/** Keeps log base finite where the base has learned that nobody chooses an option. */
const SMALLEST_SHARE = 1e-6;

/** The options that a graph is built over: the questionnaire's and those of new questions. */
interface OptionTable {
  readonly layout: OptionLayout;
  readonly offsets: readonly number[];
  readonly features: Float32Array;
  /** Options of the questionnaire: they come first and own a base logit each. */
  readonly known: number;
}

interface Inputs {
  readonly anchor: Tensor;
  readonly answers: Tensor;
  readonly context: Tensor;
}

/**
 * The tilt predictor: a learned base distribution per question, tilted towards a group.
 *
 * p = softmax(log base + z . s). z is a small vector per option, from a two-layer network on the option's
 * text embedding; s is the group's vector, one Fisher-scoring step of a ridge-penalised multinomial logit on
 * its context answers: A = sum base z z' + exp(lambda) I, s = A^-1 sum z (y - base). Base logits are
 * parameters, one per option of the questionnaire, averaged by the federation like all others; in training
 * the residuals y - base are taken against the base of the round's downloaded model, else each member would
 * bend the base to its own answers and leave no residual to learn from. The base learns by plain gradient
 * steps of its own cross-entropy on all of the member's answers.
 */
export function tilt(value: unknown, questionnaire: Questionnaire, embeddings: EmbeddingTable): Predictor {
  const configuration = parseTilt(value);
  const specifications = parameterSpecifications(configuration, questionnaire, embeddings);
  const blocks = layOut(specifications);
  const questionnaireTable = optionTable(questionnaire, embeddings, []);
  const network: Network = { configuration, blocks, parameterCount: blocks.at(-1)!.to };
  const knownPrediction = memoized((tasks: number) => predictionProgram(network, questionnaireTable, tasks));
  const training = memoized((tasks: number) => trainingProgram(network, questionnaireTable, tasks));
  return {
    configuration,
    questionnaire,
    embeddings,
    blocks,
    parameterCount: network.parameterCount,
    initialParameters: (seed) => firstValues(specifications, seed),
    training: ({ tasks }) => training(tasks),
    prediction: ({ tasks }, newQuestions = []) =>
      newQuestions.length === 0
        ? knownPrediction(tasks)
        : predictionProgram(network, optionTable(questionnaire, embeddings, newQuestions), tasks),
  };
}

interface Network {
  readonly configuration: TiltConfiguration;
  readonly blocks: ReturnType<typeof layOut>;
  readonly parameterCount: number;
}

function parameterSpecifications(
  { latent, hidden }: TiltConfiguration,
  questionnaire: Questionnaire,
  { dimension }: EmbeddingTable,
): ParameterSpecification[] {
  const inputs = dimension + EXTRA_FEATURES;
  const options = optionOffsets(questionnaire).at(-1)!;
  return [
    { name: "hidden.weight", shape: [inputs, hidden], spread: 1 / Math.sqrt(inputs) },
    { name: "hidden.bias", shape: [hidden], spread: 1 / Math.sqrt(inputs) },
    { name: "latent.weight", shape: [hidden, latent], spread: 1 / Math.sqrt(hidden) },
    { name: "latent.bias", shape: [latent], spread: 1 / Math.sqrt(hidden) },
    { name: "log-penalty", shape: [1] },
    { name: "base", shape: [options], role: "prior" },
  ];
}

function optionTable(
  questionnaire: Questionnaire,
  embeddings: EmbeddingTable,
  newQuestions: readonly NewQuestion[],
): OptionTable {
  const { dimension } = embeddings;
  const counts = [
    ...questionnaire.questions.map((question) => question.options.length),
    ...newQuestions.map((question) => question.options),
  ];
  const layout = optionLayout(counts);
  const known = embeddings.count;
  const vectors = [embeddings.matrix(), ...newQuestions.map((question) => question.embeddings)];
  const width = dimension + EXTRA_FEATURES;
  const features = new Float32Array(layout.rows * width);
  const offsets = [0];
  let row = 0;
  vectors.forEach((matrix) => {
    for (let start = 0; start < matrix.length; start += dimension) {
      features.set(matrix.subarray(start, start + dimension), row * width);
      row += 1;
    }
  });
  for (const count of counts) {
    const first = offsets.at(-1)!;
    for (let option = 0; option < count; option += 1) {
      const place = option / Math.max(count - 1, 1);
      features.set([place, 1 / count, first < known ? 1 : 0], (first + option) * width + dimension);
    }
    offsets.push(first + count);
  }
  return { layout, offsets, features, known };
}

/** z [options, latent] */
function optionVectors(graph: Graph, table: OptionTable, parameter: (name: string) => Tensor): Tensor {
  const { rows } = table.layout;
  const features = graph.constant(table.features, [rows, table.features.length / rows]);
  const hidden = rectify(affine(features, parameter("hidden.weight"), parameter("hidden.bias")));
  return affine(hidden, parameter("latent.weight"), parameter("latent.bias"));
}

/** Log-probabilities [tasks, options] given the context's answers. */
function tilted(
  graph: Graph,
  table: OptionTable,
  parameter: (name: string) => Tensor,
  { anchor, answers, context }: Inputs,
): Tensor {
  const { layout } = table;
  const { rows } = layout;
  const [tasks] = answers.shape as readonly [number];
  const forward = graph.integers(layout.forward);
  const inverse = graph.integers(layout.inverse);
  const normalized = (logits: Tensor) => logSoftmaxPerQuestion(logits, layout, forward, inverse);
  const base = exponential(normalized(anchor));
  const z = optionVectors(graph, table, parameter);
  const [, latent] = z.shape as readonly [number, number];
  const products = reshape(multiply(reshape(z, [rows, latent, 1]), reshape(z, [rows, 1, latent])), [
    rows,
    latent * latent,
  ]);
  const residual = multiply(context, subtract(answers, base));
  const score = reshape(multiplyMatrices(residual, z), [tasks, latent, 1]);
  const information = reshape(multiplyMatrices(multiply(context, base), products), [tasks, latent, latent]);
  const identity = Float32Array.from({ length: latent * latent }, (_, i) => (i % (latent + 1) === 0 ? 1 : 0));
  const penalty = multiply(exponential(parameter("log-penalty")), graph.constant(identity, [latent, latent]));
  const group = reshape(solve(add(information, penalty), score), [tasks, latent]);
  const shift = multiplyMatrices(group, transpose(z, [1, 0]));
  return normalized(add(logarithm(add(base, SMALLEST_SHARE)), shift));
}

function trainingProgram(network: Network, table: OptionTable, tasks: number): TrainingProgram {
  const { rows, forward, inverse } = table.layout;
  const graph = new Graph();
  const theta = graph.input("theta", [network.parameterCount], { tracked: true });
  const parameter = unpack(theta, network.blocks);
  const anchor = graph.input("anchor", [rows]);
  const answers = graph.input("answers", [tasks, rows]);
  const context = graph.input("context", [tasks, rows]);
  const targets = graph.input("targets", [tasks, rows]);
  const member = graph.input("member", [rows]);
  const predicted = tilted(graph, table, parameter, { anchor, answers, context });
  const loss = negate(sum(multiply(targets, predicted), [0, 1]));
  const prior = logSoftmaxPerQuestion(
    parameter("base"),
    table.layout,
    graph.integers(forward),
    graph.integers(inverse),
  );
  const priorLoss = negate(sum(multiply(member, prior), [0]));
  const [gradient] = graph.gradient(add(loss, priorLoss), [theta]);
  graph.output("loss", reshape(detach(loss), [1]));
  graph.output("gradient", gradient!);
  return {
    model: emitOnnx(graph, "tilt-training"),
    feeds: (base, drawn, answered) => ({
      anchor: baseLogits(network, base, rows),
      ...contextFeeds(table, drawn),
      targets: targetFeed(table, drawn),
      member: memberFeed(table, answered),
    }),
  };
}

function predictionProgram(network: Network, table: OptionTable, tasks: number): PredictionProgram {
  const { rows } = table.layout;
  const graph = new Graph();
  const theta = graph.input("theta", [network.parameterCount]);
  const inputs: Inputs = {
    anchor: graph.input("anchor", [rows]),
    answers: graph.input("answers", [tasks, rows]),
    context: graph.input("context", [tasks, rows]),
  };
  graph.output("shares", exponential(tilted(graph, table, unpack(theta, network.blocks), inputs)));
  return {
    model: emitOnnx(graph, "tilt-prediction"),
    feeds: (model, asked) => ({
      theta: model,
      anchor: baseLogits(network, model, rows),
      ...contextFeeds(table, asked),
    }),
    read: (results, asked) =>
      asked.map((task, index) =>
        task.targets.map(({ question }) => {
          const start = index * rows;
          return results.shares!.slice(
            start + table.offsets[question]!,
            start + table.offsets[question + 1]!,
          );
        }),
      ),
  };
}

/** Base logits of the questionnaire's options; 0, that is uniform, for new questions. */
function baseLogits(network: Network, model: Float32Array, rows: number): Float32Array {
  const { from, to } = network.blocks.find((block) => block.name === "base")!;
  const logits = new Float32Array(rows);
  logits.set(model.subarray(from, to));
  return logits;
}

function contextFeeds(table: OptionTable, tasks: readonly Task[]): Feeds {
  const { rows } = table.layout;
  const answers = new Float32Array(tasks.length * rows);
  const context = new Float32Array(tasks.length * rows);
  tasks.forEach((task, index) => {
    for (const { question, shares } of task.context) {
      const start = index * rows + table.offsets[question]!;
      answers.set(shares, start);
      context.fill(1, start, start + shares.length);
    }
  });
  return { answers, context };
}

/** Shares of the targets, divided by the number of targets and of tasks: the loss is a mean. */
function targetFeed(table: OptionTable, tasks: readonly Task[]): Float32Array {
  const { rows } = table.layout;
  const targets = new Float32Array(tasks.length * rows);
  tasks.forEach((task, index) => {
    const divisor = task.targets.length * tasks.length;
    for (const { question, shares } of task.targets) {
      targets.set(
        shares.map((share) => share / divisor),
        index * rows + table.offsets[question]!,
      );
    }
  });
  return targets;
}

/** The mean answer, over the member's groups that gave one, to each question; 0 where none did. */
function memberFeed(table: OptionTable, groups: readonly (readonly QuestionAnswer[])[]): Float32Array {
  const sums = new Float64Array(table.layout.rows);
  const counts = new Float64Array(table.layout.rows);
  for (const { question, shares } of groups.flat()) {
    const start = table.offsets[question]!;
    shares.forEach((share, option) => {
      sums[start + option]! += share;
      counts[start + option]! += 1;
    });
  }
  return Float32Array.from(sums, (total, row) => (counts[row]! === 0 ? 0 : total / counts[row]!));
}
