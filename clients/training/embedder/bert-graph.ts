import { add, divide, gelu, multiply, subtract } from "../graph/elementwise.ts";
import { emitOnnx, type OnnxModel } from "../graph/emit.ts";
import { Graph } from "../graph/graph.ts";
import { affine, matmul } from "../graph/linear-algebra.ts";
import { layerNormalization, softmax } from "../graph/normalize.ts";
import { reshape, sum, transpose, transposeLast } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { NamedTensor } from "../safetensors.ts";

/** The fields of a BERT model's config.json that its forward pass needs. */
export interface BertConfiguration {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
  readonly layer_norm_eps: number;
}

/** Looks up a model's tensor by its name. */
export type Weights = (name: string) => NamedTensor;

const MASKED = 1e9;

/** How many texts a graph takes at once, and how many tokens each may have. */
export interface TextBatch {
  readonly texts: number;
  readonly length: number;
}

/**
 * BERT's encoder (arXiv 1810.04805) on a batch of texts, and each text's mean over its tokens.
 * Inputs: `tokens` [texts x length, hidden], the sums of word, position and type embeddings; `mask`
 * [texts, length], 1 for real tokens. Output: `mean` [texts, hidden].
 */
export function bertGraph(
  configuration: BertConfiguration,
  weights: Weights,
  batch: TextBatch,
): OnnxModel {
  const { hidden_size: width, layer_norm_eps: epsilon } = configuration;
  const { texts, length } = batch;
  const rows = texts * length;
  const graph = new Graph();
  const tokens = graph.input("tokens", [rows, width]);
  const mask = graph.input("mask", [texts, length]);
  const hidden = multiply(subtract(reshape(mask, [texts, 1, 1, length]), 1), MASKED);
  const vector = (name: string) => graph.constant(weights(name).values, weights(name).shape);
  const norm = (x: Tensor, name: string) =>
    layerNormalization(
      x,
      vector(`${name}.LayerNorm.weight`),
      vector(`${name}.LayerNorm.bias`),
      epsilon,
    );
  const linear = (x: Tensor, name: string) =>
    affine(x, transposed(graph, weights(`${name}.weight`)), vector(`${name}.bias`));
  let x = norm(tokens, "embeddings");
  for (let layer = 0; layer < configuration.num_hidden_layers; layer += 1) {
    const own = `encoder.layer.${layer}`;
    const heads = (part: string) =>
      splitHeads(linear(x, `${own}.attention.self.${part}`), configuration, batch);
    const scores = matmul(heads("query"), transposeLast(heads("key")));
    const scale = 1 / Math.sqrt(width / configuration.num_attention_heads);
    const mixed = matmul(softmax(add(multiply(scores, scale), hidden)), heads("value"));
    const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [rows, width]);
    x = norm(add(x, linear(joined, `${own}.attention.output.dense`)), `${own}.attention.output`);
    const inner = gelu(linear(x, `${own}.intermediate.dense`));
    x = norm(add(x, linear(inner, `${own}.output.dense`)), `${own}.output`);
  }
  const shown = reshape(mask, [texts, length, 1]);
  const total = sum(multiply(reshape(x, [texts, length, width]), shown), [1]);
  graph.output("mean", divide(total, sum(mask, [1], true)));
  return emitOnnx(graph, "bert");
}

/** [texts x length, hidden] as [texts, heads, length, hidden / heads]. */
function splitHeads(
  x: Tensor,
  configuration: BertConfiguration,
  { texts, length }: TextBatch,
): Tensor {
  const { hidden_size: width, num_attention_heads: heads } = configuration;
  return transpose(reshape(x, [texts, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** Linear layers are stored as [outputs, inputs]. */
function transposed(graph: Graph, { shape, values }: NamedTensor): Tensor {
  const [outputs, inputs] = shape as readonly [number, number];
  const known = TRANSPOSED.get(values);
  if (known !== undefined) return graph.constant(known, [inputs, outputs]);
  const result = new Float32Array(values.length);
  for (let o = 0; o < outputs; o += 1) {
    for (let i = 0; i < inputs; i += 1) result[i * outputs + o] = values[o * inputs + i]!;
  }
  TRANSPOSED.set(values, result);
  return graph.constant(result, [inputs, outputs]);
}

/** Kept while the weights are: every length and number of texts has a graph of its own. */
const TRANSPOSED = new WeakMap<Float32Array, Float32Array>();
