import { TrainingError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { sizeOf } from "../graph/tensor.ts";
import type { Value } from "./indexing.ts";
import { KERNELS } from "./operator-kernels.ts";

/**
 * Evaluates a graph in float64, straight from the ONNX definitions of its operators. Slow and
 * independent of onnxruntime: tests check gradients against its finite differences.
 */
export function interpret(
  graph: Graph,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, Float64Array> {
  const definition = graph.definition();
  const values = new Map<string, Value>();
  for (const { tensor, values: data } of definition.constants) {
    values.set(tensor.name, { shape: tensor.shape, data: Float64Array.from(data) });
  }
  for (const { name, tensor } of definition.inputs) {
    values.set(name, { shape: tensor.shape, data: Float64Array.from(feeds[name]!) });
  }
  for (const node of definition.nodes) {
    const kernel = KERNELS[node.operator];
    if (kernel === undefined) {
      throw new TrainingError("graph-invalid", `the interpreter does not know ${node.operator}`);
    }
    const inputs = node.inputs.map((input) => values.get(input.name)!);
    const results = kernel(inputs, node);
    node.outputs.forEach((output, index) => {
      const data = results[index]!;
      if (data.length !== sizeOf(output.shape)) {
        throw new TrainingError(
          "graph-invalid",
          `${node.operator} does not yield shape [${output.shape}]`,
        );
      }
      values.set(output.name, { shape: output.shape, data });
    });
  }
  return Object.fromEntries(
    definition.outputs.map(({ name }) => [name, values.get(name)!.data] as const),
  );
}
