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

/**
 * BERT's encoder (arXiv 1810.04805) on one text of at most `length` tokens, and the mean over its
 * tokens. Inputs: `tokens` [length, hidden], the sums of word, position and type embeddings; `mask`
 * [length], 1 for real tokens. Output: `mean` [hidden].
 */
export function bertGraph(
  configuration: BertConfiguration,
  weights: Weights,
  length: number,
): OnnxModel {
  const { hidden_size: width, layer_norm_eps: epsilon } = configuration;
  const graph = new Graph();
  const tokens = graph.input("tokens", [length, width]);
  const mask = graph.input("mask", [length]);
  const hidden = multiply(subtract(reshape(mask, [1, 1, length]), 1), MASKED);
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
      splitHeads(linear(x, `${own}.attention.self.${part}`), configuration, length);
    const scores = matmul(heads("query"), transposeLast(heads("key")));
    const scale = 1 / Math.sqrt(width / configuration.num_attention_heads);
    const mixed = matmul(softmax(add(multiply(scores, scale), hidden)), heads("value"));
    const joined = reshape(transpose(mixed, [1, 0, 2]), [length, width]);
    x = norm(add(x, linear(joined, `${own}.attention.output.dense`)), `${own}.attention.output`);
    const inner = gelu(linear(x, `${own}.intermediate.dense`));
    x = norm(add(x, linear(inner, `${own}.output.dense`)), `${own}.output`);
  }
  const total = sum(multiply(x, reshape(mask, [length, 1])), [0]);
  graph.output("mean", divide(total, sum(mask, [0], true)));
  return emitOnnx(graph, "bert");
}

function splitHeads(x: Tensor, configuration: BertConfiguration, length: number): Tensor {
  const { hidden_size: width, num_attention_heads: heads } = configuration;
  return transpose(reshape(x, [length, heads, width / heads]), [1, 0, 2]);
}

/** Linear layers are stored as [outputs, inputs]. */
function transposed(graph: Graph, { shape, values }: NamedTensor): Tensor {
  const [outputs, inputs] = shape as readonly [number, number];
  const result = new Float32Array(values.length);
  for (let o = 0; o < outputs; o += 1) {
    for (let i = 0; i < inputs; i += 1) result[i * outputs + o] = values[o * inputs + i]!;
  }
  return graph.constant(result, [inputs, outputs]);
}
