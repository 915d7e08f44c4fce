import type { GraphNode } from "../graph/graph.ts";
import { type Attribute, type Shape, sizeOf } from "../graph/tensor.ts";
import { at, fill, forEachIndex, stridesOf, type Value } from "./indexing.ts";

/** ONNX's operators in float64, as far as graphs use them, straight from their definitions. */

type Kernel = (inputs: readonly Value[], node: GraphNode) => readonly Float64Array[];

const outputShape = (node: GraphNode): Shape => node.outputs[0]!.shape;

function unary(f: (x: number) => number): Kernel {
  return ([x]) => [x!.data.map(f)];
}

function binary(f: (a: number, b: number) => number): Kernel {
  return ([a, b], node) => [fill(outputShape(node), (index) => f(at(a!, index), at(b!, index)))];
}

function attribute(node: GraphNode, name: string, otherwise: number): number {
  const value: Attribute | undefined = node.attributes[name];
  if (value === undefined) return otherwise;
  return "int" in value ? value.int : "float" in value ? value.float : otherwise;
}

function axisOf(node: GraphNode, rank: number): number {
  const axis = attribute(node, "axis", 0);
  return axis < 0 ? axis + rank : axis;
}

const replaced = (index: readonly number[], axis: number, value: number): number[] =>
  index.map((old, position) => (position === axis ? value : old));

function reduction(
  combine: (sum: number, x: number) => number,
  start: number,
  finish = (x: number, _n: number) => x,
): Kernel {
  return ([x, axes], node) => {
    const kept = x!.shape.map((dimension, axis) => (axes!.data.includes(axis) ? 1 : dimension));
    const strides = stridesOf(kept);
    const out = new Float64Array(sizeOf(outputShape(node))).fill(start);
    forEachIndex(x!.shape, (index, position) => {
      const target = index.reduce(
        (sum, i, axis) => sum + (kept[axis] === 1 ? 0 : i * strides[axis]!),
        0,
      );
      out[target] = combine(out[target]!, x!.data[position]!);
    });
    const count = sizeOf(x!.shape) / out.length;
    return [out.map((value) => finish(value, count))];
  };
}

const softmax: Kernel = ([x]) => {
  const width = x!.shape.at(-1)!;
  const out = new Float64Array(x!.data.length);
  for (let start = 0; start < out.length; start += width) {
    const row = x!.data.subarray(start, start + width);
    const top = Math.max(...row);
    const weights = row.map((value) => Math.exp(value - top));
    const total = weights.reduce((sum, value) => sum + value, 0);
    out.set(
      weights.map((value) => value / total),
      start,
    );
  }
  return [out];
};

const layerNormalization: Kernel = ([x, scale, shift], node) => {
  const width = x!.shape.at(-1)!;
  const epsilon = attribute(node, "epsilon", 1e-5);
  const rows = x!.data.length / width;
  const [out, means, inverses] = [
    new Float64Array(rows * width),
    new Float64Array(rows),
    new Float64Array(rows),
  ];
  for (let row = 0; row < rows; row += 1) {
    const values = x!.data.subarray(row * width, (row + 1) * width);
    const mean = values.reduce((sum, value) => sum + value, 0) / width;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    means[row] = mean;
    inverses[row] = 1 / Math.sqrt(variance + epsilon);
    values.forEach((value, i) => {
      out[row * width + i] = (value - mean) * inverses[row]! * scale!.data[i]! + shift!.data[i]!;
    });
  }
  return [out, means, inverses];
};

const matMul: Kernel = ([a, b], node) => {
  const inner = a!.shape.at(-1)!;
  return [
    fill(outputShape(node), (index) => {
      const lead = index.slice(0, -2);
      const [row, column] = index.slice(-2) as [number, number];
      let sum = 0;
      for (let k = 0; k < inner; k += 1)
        sum += at(a!, [...lead, row, k]) * at(b!, [...lead, k, column]);
      return sum;
    }),
  ];
};

const gemm: Kernel = ([a, b, c], node) => {
  const transposeA = attribute(node, "transA", 0) === 1;
  const transposeB = attribute(node, "transB", 0) === 1;
  const inner = a!.shape[transposeA ? 0 : 1]!;
  return [
    fill(outputShape(node), ([row, column]) => {
      let sum = c === undefined ? 0 : at(c, [row!, column!]);
      for (let k = 0; k < inner; k += 1) {
        const left = at(a!, transposeA ? [k, row!] : [row!, k]);
        sum += left * at(b!, transposeB ? [column!, k] : [k, column!]);
      }
      return sum;
    }),
  ];
};

const pad: Kernel = ([x, pads], node) => [
  fill(outputShape(node), (index) => {
    const source = index.map((i, axis) => i - pads!.data[axis]!);
    return source.every((i, axis) => i >= 0 && i < x!.shape[axis]!) ? at(x!, source) : 0;
  }),
];

const split: Kernel = ([x, sizes], node) => {
  const axis = axisOf(node, x!.shape.length);
  let start = 0;
  return node.outputs.map((output, piece) => {
    const from = start;
    start += sizes!.data[piece]!;
    return fill(output.shape, (index) => at(x!, replaced(index, axis, index[axis]! + from)));
  });
};

const concatenate: Kernel = (inputs, node) => {
  const axis = axisOf(node, outputShape(node).length);
  return [
    fill(outputShape(node), (index) => {
      let place = index[axis]!;
      const piece = inputs.find((input) => {
        if (place < input.shape[axis]!) return true;
        place -= input.shape[axis]!;
        return false;
      });
      return at(piece!, replaced(index, axis, place));
    }),
  ];
};

const gather: Kernel = ([x, indices], node) => {
  const axis = axisOf(node, x!.shape.length);
  return [
    fill(outputShape(node), (index) => {
      const inner = index.slice(axis, axis + indices!.shape.length);
      const rest = index.slice(axis + indices!.shape.length);
      return at(x!, [...index.slice(0, axis), at(indices!, inner), ...rest]);
    }),
  ];
};

const gatherElements: Kernel = ([x, indices], node) => {
  const axis = axisOf(node, x!.shape.length);
  return [fill(outputShape(node), (index) => at(x!, replaced(index, axis, at(indices!, index))))];
};

const transpose: Kernel = ([x], node) => {
  const order = node.attributes.perm;
  const perm = order !== undefined && "ints" in order ? order.ints : [];
  return [
    fill(outputShape(node), (index) => {
      const source = new Array<number>(index.length).fill(0);
      perm.forEach((from, to) => {
        source[from] = index[to]!;
      });
      return at(x!, source);
    }),
  ];
};

const slice: Kernel = ([x, from, , axis], node) => [
  fill(outputShape(node), (index) =>
    at(x!, replaced(index, axis!.data[0]!, index[axis!.data[0]!]! + from!.data[0]!)),
  ),
];

const copy: Kernel = ([x]) => [x!.data];

/**
 * Gauss's error function by its Taylor series, and by its continued fraction far out (Abramowitz
 * and Stegun, 7.1).
 */
function errorFunction(x: number): number {
  if (Math.abs(x) > 3) {
    let fraction = 0;
    for (let k = 60; k >= 1; k -= 1) fraction = k / 2 / (Math.abs(x) + fraction);
    const tail = Math.exp(-x * x) / (Math.sqrt(Math.PI) * (Math.abs(x) + fraction));
    return Math.sign(x) * (1 - tail);
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 80; n += 1) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

export const KERNELS: Readonly<Record<string, Kernel>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Max: binary(Math.max),
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Softplus: unary((x) => Math.log1p(Math.exp(x))),
  Relu: unary((x) => Math.max(x, 0)),
  Sign: unary(Math.sign),
  Erf: unary(errorFunction),
  ReduceSum: reduction((sum, x) => sum + x, 0),
  ReduceMean: reduction(
    (sum, x) => sum + x,
    0,
    (sum, count) => sum / count,
  ),
  ReduceMax: reduction(Math.max, Number.NEGATIVE_INFINITY),
  Expand: ([x], node) => [fill(outputShape(node), (index) => at(x!, index))],
  Softmax: softmax,
  LayerNormalization: layerNormalization,
  MatMul: matMul,
  Gemm: gemm,
  Pad: pad,
  Split: split,
  Concat: concatenate,
  Gather: gather,
  GatherElements: gatherElements,
  Transpose: transpose,
  Slice: slice,
  Identity: copy,
  Reshape: copy,
};
