import { add, exp, log, multiply, negate, relu, subtract } from "../graph/elementwise.ts";
import { emitOnnx, type OnnxModel } from "../graph/emit.ts";
import { Graph } from "../graph/graph.ts";
import { affine, matmul, solve } from "../graph/linear-algebra.ts";
import { concatenate, reshape, slice, split, sum, transpose } from "../graph/shape.ts";
import { detach, dimensionAt, type Tape, type Tensor } from "../graph/tensor.ts";
import { logSoftmaxPerQuestion } from "./option-layout.ts";
import { unpack } from "./parameters.ts";
import type { ParameterBlock } from "./predictor.ts";
import { lend, type OptionTable } from "./tilt-options.ts";

/** Keeps log base finite where the base has learned that nobody chooses an option. */
const SMALLEST_SHARE = 1e-6;

/** The size of a tilt model, and where its parameters lie in the model. */
export interface TiltShape {
  readonly latent: number;
  readonly scoringSteps: number;
  /** Part of a relative's vector that an untrained question borrows with its base. */
  readonly lentVector: number;
  readonly blocks: readonly ParameterBlock[];
}

/** Real units of base logits that 1 in the block `added.base` stands for. */
export const ADDED_UNIT = 32;

interface Context {
  /** Shares per option, 0 for questions that are not shown, [tasks, options]. */
  readonly answers: Tensor;
  /** 1 for the options of shown questions, [tasks, options]. */
  readonly shown: Tensor;
}

/** The parameters of every option. */
interface Options {
  /** Base logits [options]. */
  readonly base: Tensor;
  /** Vectors z [options, latent]. */
  readonly vectors: Tensor;
  /** Weight of an option's residual in a group's vector, [1, options]. */
  readonly weight: Tensor;
}

/**
 * Loss and gradient of one step. Inputs beside theta: `anchor`, the base logits of the round's
 * downloaded model; `answers` and `shown`, the contexts; `targets`, the asked shares divided by the
 * number of targets and of tasks; `member`, the member's mean answer to each question, from which
 * the base learns.
 */
export function tiltTrainingGraph(shape: TiltShape, table: OptionTable, tasks: number): OnnxModel {
  const { rows } = table.layout;
  const graph = new Graph();
  const theta = graph.input("theta", [shape.blocks.at(-1)!.to], { tracked: true });
  const parameter = unpack(theta, shape.blocks);
  const anchor = graph.input("anchor", [rows]);
  const context = contextInputs(graph, tasks, rows);
  const targets = graph.input("targets", [tasks, rows]);
  const member = graph.input("member", [rows]);
  const options = optionsOf(shape, table, optionParameters(graph, table, parameter), anchor);
  const predicted = tilted(shape, table, parameter("log-penalty"), options, context);
  const loss = negate(sum(multiply(targets, predicted), [0, 1]));
  const base = normalizer(graph, table)(baseOf(table, parameter));
  const baseLoss = negate(sum(multiply(member, base), [0]));
  const [gradient] = graph.gradient(add(loss, baseLoss), [theta]);
  graph.output("loss", reshape(detach(loss), [1]));
  graph.output("gradient", gradient!);
  return emitOnnx(graph, "tilt-training");
}

/**
 * Shares [tasks, options] of every question, given `answers` and `shown`. Options of `levelled`
 * questions have no vector: their shares are the base's.
 */
export function tiltPredictionGraph(
  shape: TiltShape,
  table: OptionTable,
  tasks: number,
  levelled: readonly number[] = [],
): OnnxModel {
  const { rows } = table.layout;
  const graph = new Graph();
  const theta = graph.input("theta", [shape.blocks.at(-1)!.to]);
  const parameter = unpack(theta, shape.blocks);
  const context = contextInputs(graph, tasks, rows);
  const own = concatenate(
    [
      optionParameters(graph, table, parameter),
      reshape(baseOf(table, parameter), [table.known, 1]),
    ],
    1,
  );
  const strengths = [...new Array<number>(shape.latent + 1).fill(shape.lentVector), 1];
  const [lent, base] = split(lend(graph, table, own, strengths), 1, [shape.latent + 1, 1]) as [
    Tensor,
    Tensor,
  ];
  const vectors = levelled.length === 0 ? lent : multiply(lent, strengthOf(graph, table, levelled));
  const options = optionsOf(shape, table, vectors, reshape(base, [rows]));
  graph.output("shares", exp(tilted(shape, table, parameter("log-penalty"), options, context)));
  return emitOnnx(graph, "tilt-prediction");
}

/** 0 for the options of these questions, else 1: [options, 1]. */
function strengthOf(graph: Graph, table: OptionTable, questions: readonly number[]): Tensor {
  const strength = new Float32Array(table.layout.rows).fill(1);
  for (const question of questions)
    strength.fill(0, table.offsets[question], table.offsets[question + 1]);
  return graph.constant(strength, [table.layout.rows, 1]);
}

/** Base logits of the questionnaire's options, [known]. */
function baseOf(table: OptionTable, parameter: (name: string) => Tensor): Tensor {
  const base = parameter("base");
  const added = table.known - dimensionAt(base, 0);
  if (added === 0) return base;
  return concatenate([base, multiply(slice(parameter("added.base"), 0, 0, added), ADDED_UNIT)], 0);
}

/** The options' own part of vector and log weight, [known, latent + 1]. */
function ownOf(table: OptionTable, parameter: (name: string) => Tensor): Tensor {
  const own = parameter("option");
  const added = table.known - dimensionAt(own, 0);
  return added === 0 ? own : concatenate([own, slice(parameter("added.option"), 0, 0, added)], 0);
}

function contextInputs(graph: Graph, tasks: number, rows: number): Context {
  return {
    answers: graph.input("answers", [tasks, rows]),
    shown: graph.input("shown", [tasks, rows]),
  };
}

function normalizer(graph: Tape, table: OptionTable): (logits: Tensor) => Tensor {
  const forward = graph.integers(table.layout.forward);
  const inverse = graph.integers(table.layout.inverse);
  return (logits) => logSoftmaxPerQuestion(logits, table.layout, forward, inverse);
}

/**
 * Vector and log weight of the questionnaire's options, [known, latent + 1]: from their text, plus
 * their own.
 */
function optionParameters(
  graph: Graph,
  table: OptionTable,
  parameter: (name: string) => Tensor,
): Tensor {
  const values = table.features.subarray(0, table.known * table.width);
  const features = graph.constant(values, [table.known, table.width]);
  const hidden = relu(affine(features, parameter("hidden.weight"), parameter("hidden.bias")));
  return add(
    affine(hidden, parameter("output.weight"), parameter("output.bias")),
    ownOf(table, parameter),
  );
}

function optionsOf(
  { latent }: TiltShape,
  table: OptionTable,
  vectors: Tensor,
  base: Tensor,
): Options {
  const { rows } = table.layout;
  return {
    base,
    vectors: slice(vectors, 1, 0, latent),
    weight: reshape(exp(slice(vectors, 1, latent, latent + 1)), [1, rows]),
  };
}

/** Log-probabilities [tasks, options] given the contexts. */
function tilted(
  { latent, scoringSteps }: TiltShape,
  table: OptionTable,
  logPenalty: Tensor,
  options: Options,
  context: Context,
): Tensor {
  const { graph } = logPenalty;
  const { rows } = table.layout;
  const [tasks] = context.shown.shape as readonly [number];
  const normalized = normalizer(graph, table);
  const base = exp(normalized(options.base));
  const logBase = log(add(base, SMALLEST_SHARE));
  const z = options.vectors;
  const products = multiply(reshape(z, [rows, latent, 1]), reshape(z, [rows, 1, latent]));
  const flatProducts = reshape(products, [rows, latent * latent]);
  const ridge = exp(logPenalty);
  const penalty = multiply(ridge, graph.constant(identityMatrix(latent), [latent, latent]));
  const evidence = multiply(context.shown, options.weight);
  const upward = transpose(z, [1, 0]);
  let group = graph.constant(new Float32Array(tasks * latent), [tasks, latent]);
  let shares = base;
  let logShares = normalized(logBase);
  for (let step = 0; step < scoringSteps; step += 1) {
    const residual = multiply(evidence, subtract(context.answers, shares));
    const score = subtract(matmul(residual, z), multiply(ridge, group));
    const information = matmul(multiply(evidence, shares), flatProducts);
    const curvature = add(reshape(information, [tasks, latent, latent]), penalty);
    const move = solve(curvature, reshape(score, [tasks, latent, 1]));
    group = add(group, reshape(move, [tasks, latent]));
    logShares = normalized(add(logBase, matmul(group, upward)));
    shares = exp(logShares);
  }
  return logShares;
}

function identityMatrix(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}
