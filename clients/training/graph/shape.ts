import { TrainingError } from "../errors.ts";
import {
  dimensionAt,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
  type Tensor,
} from "./tensor.ts";

function withAxis(shape: Shape, axis: number, dimension: number): Shape {
  return shape.map((old, position) => (position === axis ? dimension : old));
}

/**
 * The same elements, in row-major order, in another shape. Throws `graph-invalid` if the number of
 * elements differs.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (sizeOf(shape) !== sizeOf(x.shape)) {
    throw new TrainingError("graph-invalid", `cannot reshape [${x.shape}] to [${shape}]`);
  }
  return x.graph.node("Reshape", [x, x.graph.integers(shape)], shape, (gradient) => [
    reshape(gradient, x.shape),
  ]);
}

/** Axis i of the result is axis `permutation[i]` of x. */
export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  const shape = permutation.map((axis) => dimensionAt(x, axis));
  const attributes = { perm: { ints: permutation } };
  return x.graph.node(
    "Transpose",
    [x],
    shape,
    (gradient) => [transpose(gradient, inverse)],
    attributes,
  );
}

/** Swaps the last two axes. */
export function transposeLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, rank - 2), rank - 1, rank - 2]);
}

/** Elements from..to (exclusive) along one axis. */
export function slice(x: Tensor, axis: number, from: number, to: number): Tensor {
  const normal = normalizeAxis(axis, x.shape.length);
  const length = dimensionAt(x, axis);
  const { graph } = x;
  if (from < 0 || to > length || from >= to) {
    throw new TrainingError(
      "graph-invalid",
      `slice ${from}..${to} lies outside an axis of ${length}`,
    );
  }
  if (from === 0 && to === length) return x;
  const bounds = [graph.integers([from]), graph.integers([to]), graph.integers([normal])];
  return graph.node("Slice", [x, ...bounds], withAxis(x.shape, normal, to - from), (gradient) => {
    const before = withAxis(new Array<number>(x.shape.length).fill(0), normal, from);
    const after = withAxis(new Array<number>(x.shape.length).fill(0), normal, length - to);
    return [graph.node("Pad", [gradient, graph.integers([...before, ...after])], x.shape)];
  });
}

/** Consecutive pieces along one axis; their sizes must add up to its length. */
export function split(x: Tensor, axis: number, sizes: readonly number[]): readonly Tensor[] {
  const normal = normalizeAxis(axis, x.shape.length);
  if (sizes.reduce((total, size) => total + size, 0) !== dimensionAt(x, axis)) {
    throw new TrainingError(
      "graph-invalid",
      `pieces [${sizes}] do not fill axis ${axis} of [${x.shape}]`,
    );
  }
  const { graph } = x;
  const shapes = sizes.map((size) => withAxis(x.shape, normal, size));
  return graph.nodes({
    operator: "Split",
    inputs: [x, graph.integers(sizes)],
    shapes,
    attributes: { axis: { int: normal } },
    gradient: (gradients) => [
      concatenate(
        gradients.map((gradient, piece) => gradient ?? zeros(x, shapes[piece]!)),
        normal,
      ),
    ],
  });
}

function zeros(like: Tensor, shape: Shape): Tensor {
  return like.graph.constant(new Float32Array(sizeOf(shape)), shape);
}

/**
 * Joins tensors along one axis, counted from the end if negative. Throws `graph-invalid` if another
 * axis differs.
 */
export function concatenate(pieces: readonly Tensor[], axis: number): Tensor {
  const first = pieces[0]!;
  const normal = normalizeAxis(axis, first.shape.length);
  const sizes = pieces.map((piece) => dimensionAt(piece, normal));
  for (const piece of pieces) {
    if (!sameShape(withAxis(piece.shape, normal, 0), withAxis(first.shape, normal, 0))) {
      throw new TrainingError("graph-invalid", `cannot join [${piece.shape}] to [${first.shape}]`);
    }
  }
  const shape = withAxis(
    first.shape,
    normal,
    sizes.reduce((total, size) => total + size, 0),
  );
  const rule = (gradient: Tensor): readonly Tensor[] => split(gradient, normal, sizes);
  return first.graph.node("Concat", pieces, shape, rule, { axis: { int: normal } });
}

/** Repeats along axes of length 1 (or leading axes that x lacks). */
export function expand(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return x.graph.node("Expand", [x, x.graph.integers(shape)], shape, (gradient) => {
    const lead = shape.length - x.shape.length;
    const axes = shape
      .map((_, axis) => axis)
      .filter((axis) => axis < lead || x.shape[axis - lead] !== shape[axis]);
    return [reshape(sum(gradient, axes, true), x.shape)];
  });
}

function keptShape(x: Tensor, axes: readonly number[]): Shape {
  return x.shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
}

/** One of ONNX's reductions over axes; `keep` leaves them with length 1. */
export function reduce(
  operator: string,
  x: Tensor,
  axes: readonly number[],
  keep: boolean,
  rule?: (gradient: Tensor) => Tensor,
): Tensor {
  const normal = axes.map((axis) => normalizeAxis(axis, x.shape.length));
  const kept = keptShape(x, normal);
  const shape = keep ? kept : x.shape.filter((_, axis) => !normal.includes(axis));
  return x.graph.node(
    operator,
    [x, x.graph.integers(normal)],
    shape,
    rule && ((gradient) => [rule(reshape(gradient, kept))]),
    { keepdims: { int: keep ? 1 : 0 } },
  );
}

/** Sum over axes; `keep` leaves them with length 1. */
export function sum(x: Tensor, axes: readonly number[], keep = false): Tensor {
  return reduce("ReduceSum", x, axes, keep, (gradient) => expand(gradient, x.shape));
}

/**
 * result[..., i] = x[..., forward[..., i]], where every position of x is taken at most once;
 * `forward` may point at x's length, which reads `padding`. `inverse` is its counterpart: for each
 * position of x, its position in the result, or the result's length if it has none. Thus the
 * gradient is a gather too. Both are int64, either of rank 1 (the same for every row) or with x's
 * leading axes.
 */
export function permute(x: Tensor, forward: Tensor, inverse: Tensor, padding = 0): Tensor {
  const axis = x.shape.length - 1;
  const column = (value: number) => {
    const shape = withAxis(x.shape, axis, 1);
    return x.graph.constant(new Float32Array(sizeOf(shape)).fill(value), shape);
  };
  return gatherLast(concatenate([x, column(padding)], axis), forward, (gradient) => {
    const back = gatherLast(concatenate([gradient, column(0)], axis), inverse);
    return concatenate([back, column(0)], axis);
  });
}

function gatherLast(x: Tensor, indices: Tensor, rule?: (gradient: Tensor) => Tensor): Tensor {
  const axis = x.shape.length - 1;
  const operator = indices.shape.length === 1 ? "Gather" : "GatherElements";
  const shape = withAxis(x.shape, axis, dimensionAt(indices, -1));
  return x.graph.node(operator, [x, indices], shape, rule && ((gradient) => [rule(gradient)]), {
    axis: { int: axis },
  });
}

/** Rows of x (first axis) in any order and number; no gradient flows through it. */
export function takeRows(x: Tensor, rows: readonly number[]): Tensor {
  const shape = withAxis(x.shape, 0, rows.length);
  return x.graph.node("Gather", [x, x.graph.integers(rows)], shape, undefined, {
    axis: { int: 0 },
  });
}

/** Rows of a table [rows, columns] by int64 indices of any shape; no gradient flows through it. */
export function gather(table: Tensor, indices: Tensor): Tensor {
  const shape = [...indices.shape, dimensionAt(table, 1)];
  return table.graph.node("Gather", [table, indices], shape, undefined, { axis: { int: 0 } });
}
