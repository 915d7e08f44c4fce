import {
  add,
  divide,
  exp,
  gelu,
  log,
  maximum,
  multiply,
  negate,
  softplus,
  subtract,
} from "../graph/elementwise.ts";
import { emitOnnx, type OnnxModel } from "../graph/emit.ts";
import { Graph } from "../graph/graph.ts";
import { affine, matmul } from "../graph/linear-algebra.ts";
import { layerNormalization, softmax } from "../graph/normalize.ts";
import {
  concatenate,
  gather,
  reshape,
  slice,
  split,
  sum,
  transpose,
  transposeLast,
} from "../graph/shape.ts";
import { detach, type Tensor } from "../graph/tensor.ts";
import { logSoftmaxPerQuestion } from "./option-layout.ts";
import { unpack } from "./parameters.ts";
import type { ParameterBlock } from "./predictor.ts";

/** The size of a GPO network, and where its parameters lie in the model. */
export interface GpoShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly likelihood: "cross-entropy" | "gaussian";
  readonly blocks: readonly ParameterBlock[];
}

/**
 * Static sizes of one program: its tasks, the tokens of a task, and its table of questions x
 * options.
 */
export interface GpoSizes {
  readonly tasks: number;
  readonly tokens: number;
  readonly questions: number;
  readonly width: number;
}

/** Embedding rows of all options; the last row is 0, for padding. */
export interface TokenTable {
  readonly rows: number;
  readonly dimension: number;
  readonly values: Float32Array;
}

/** Smallest standard deviation of the Gaussian likelihood. */
const SMALLEST_DEVIATION = 0.05;
const MASKED = 1e9;

interface Tokens {
  /** Embedding row of each token, int64 [tasks, tokens]. */
  readonly rows: Tensor;
  /** Share of the option of a context token, 0 for other tokens, [tasks, tokens]. */
  readonly shown: Tensor;
  /** 1 for context tokens, [tasks, tokens]. */
  readonly context: Tensor;
  /** 1 for tokens to predict, [tasks, tokens]. */
  readonly asked: Tensor;
}

interface Output {
  /** Log-probabilities per question, [tasks, tokens]. */
  readonly logShares: Tensor;
  /** The head's raw outputs, [tasks x tokens, 1 or 2]. */
  readonly raw: Tensor;
}

/**
 * Loss and gradient of one step. Inputs beside theta and the tokens: `targets`, the shares divided
 * by the number of targets and of tasks.
 */
export function gpoTrainingGraph(shape: GpoShape, table: TokenTable, sizes: GpoSizes): OnnxModel {
  const graph = new Graph();
  const theta = graph.input("theta", [shape.blocks.at(-1)!.to], { tracked: true });
  const tokens = tokenInputs(graph, sizes);
  const targets = graph.input("targets", [sizes.tasks, sizes.tokens]);
  const output = forward(shape, table, sizes, unpack(theta, shape.blocks), tokens);
  const loss =
    shape.likelihood === "gaussian"
      ? gaussianLoss(output, graph.input("answers", [sizes.tasks, sizes.tokens]), targets, sizes)
      : negate(sum(multiply(targets, output.logShares), [0, 1]));
  const [gradient] = graph.gradient(loss, [theta]);
  graph.output("loss", reshape(detach(loss), [1]));
  graph.output("gradient", gradient!);
  return emitOnnx(graph, "gpo-training");
}

/** Share of every token's option within its question, [tasks, tokens]. */
export function gpoPredictionGraph(shape: GpoShape, table: TokenTable, sizes: GpoSizes): OnnxModel {
  const graph = new Graph();
  const theta = graph.input("theta", [shape.blocks.at(-1)!.to]);
  const output = forward(
    shape,
    table,
    sizes,
    unpack(theta, shape.blocks),
    tokenInputs(graph, sizes),
  );
  graph.output("shares", exp(output.logShares));
  return emitOnnx(graph, "gpo-prediction");
}

function tokenInputs(graph: Graph, { tasks, tokens }: GpoSizes): Tokens {
  return {
    rows: graph.input("rows", [tasks, tokens], { elementType: "int64" }),
    shown: graph.input("shown", [tasks, tokens]),
    context: graph.input("context", [tasks, tokens]),
    asked: graph.input("asked", [tasks, tokens]),
  };
}

function forward(
  shape: GpoShape,
  table: TokenTable,
  sizes: GpoSizes,
  parameter: (name: string) => Tensor,
  input: Tokens,
): Output {
  const { graph } = input.shown;
  const { tasks, tokens } = sizes;
  const column = (x: Tensor) => reshape(x, [tasks, tokens, 1]);
  const text = gather(graph.constant(table.values, [table.rows, table.dimension]), input.rows);
  const features = concatenate([text, column(input.shown), column(input.asked)], 2);
  const embedded = affine(
    reshape(features, [tasks * tokens, table.dimension + 2]),
    parameter("embed.0.weight"),
    parameter("embed.0.bias"),
  );
  let x = affine(gelu(embedded), parameter("embed.1.weight"), parameter("embed.1.bias"));
  const mask = attentionMask(input.context, sizes);
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const own = (name: string) => parameter(`layer.${layer}.${name}`);
    x = add(x, attention(shape, sizes, own, x, mask));
    x = add(x, feedForward(own, x));
  }
  const normal = layerNormalization(x, parameter("norm.scale"), parameter("norm.shift"));
  const hidden = gelu(affine(normal, parameter("head.0.weight"), parameter("head.0.bias")));
  const raw = affine(hidden, parameter("head.1.weight"), parameter("head.1.bias"));
  return { raw, logShares: logShares(slice(raw, 1, 0, 1), sizes) };
}

function logShares(scores: Tensor, sizes: GpoSizes): Tensor {
  const { graph } = scores;
  const { tasks, tokens, questions, width } = sizes;
  const forwardIndex = graph.input("forward", [tasks, questions * width], { elementType: "int64" });
  const inverseIndex = graph.input("inverse", [tasks, tokens], { elementType: "int64" });
  return logSoftmaxPerQuestion(reshape(scores, [tasks, tokens]), sizes, forwardIndex, inverseIndex);
}

/**
 * 0 where a token may look (context tokens and itself), far below 0 elsewhere: [tasks, 1, tokens,
 * tokens].
 */
function attentionMask(context: Tensor, { tasks, tokens }: GpoSizes): Tensor {
  const identity = Float32Array.from({ length: tokens * tokens }, (_, i) =>
    i % (tokens + 1) === 0 ? 1 : 0,
  );
  const self = context.graph.constant(identity, [1, 1, tokens, tokens]);
  const allowed = maximum(reshape(context, [tasks, 1, 1, tokens]), self);
  return multiply(subtract(allowed, 1), MASKED);
}

/**
 * Multi-head attention on normalised tokens. Keys have no bias: its true gradient is exactly 0, and
 * adaptive optimisers would turn the rounding noise there into steps.
 */
function attention(
  { heads, width }: GpoShape,
  { tasks, tokens }: GpoSizes,
  own: (name: string) => Tensor,
  x: Tensor,
  mask: Tensor,
): Tensor {
  const normal = layerNormalization(x, own("attention.norm.scale"), own("attention.norm.shift"));
  const none = x.graph.constant(new Float32Array(width), [width]);
  const bias = concatenate([own("attention.query.bias"), none, own("attention.value.bias")], 0);
  const projected = affine(normal, own("attention.weight"), bias);
  const [query, key, value] = split(projected, 1, [width, width, width]).map((part) =>
    transpose(reshape(part, [tasks, tokens, heads, width / heads]), [0, 2, 1, 3]),
  ) as [Tensor, Tensor, Tensor];
  const scaled = multiply(query, 1 / Math.sqrt(width / heads));
  const weights = softmax(add(matmul(scaled, transposeLast(key)), mask));
  const mixed = transpose(matmul(weights, value), [0, 2, 1, 3]);
  const joined = reshape(mixed, [tasks * tokens, width]);
  return affine(joined, own("attention.output.weight"), own("attention.output.bias"));
}

function feedForward(own: (name: string) => Tensor, x: Tensor): Tensor {
  const normal = layerNormalization(x, own("forward.norm.scale"), own("forward.norm.shift"));
  const hidden = gelu(affine(normal, own("forward.0.weight"), own("forward.0.bias")));
  return affine(hidden, own("forward.1.weight"), own("forward.1.bias"));
}

/**
 * The paper's likelihood: the share of every option is Gaussian with its own mean and deviation.
 */
function gaussianLoss({ raw }: Output, answers: Tensor, weights: Tensor, sizes: GpoSizes): Tensor {
  const { tasks, tokens } = sizes;
  const [mean, spread] = split(raw, 1, [1, 1]).map((part) => reshape(part, [tasks, tokens])) as [
    Tensor,
    Tensor,
  ];
  const deviation = add(multiply(softplus(spread), 1 - SMALLEST_DEVIATION), SMALLEST_DEVIATION);
  const error = divide(subtract(answers, mean), deviation);
  const loss = add(multiply(multiply(error, error), 0.5), log(deviation));
  return sum(multiply(weights, loss), [0, 1]);
}
