import { TrainingError } from "../errors.ts";
import { divide, multiply, negate, subtract, sumToShape } from "./elementwise.ts";
import { concatenate, expand, slice, sum, transposeLast } from "./shape.ts";
import { broadcastShape, detach, dimensionAt, type Tensor } from "./tensor.ts";

/** Matrix product over the last two axes; the leading ones are broadcast. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (dimensionAt(a, -1) !== dimensionAt(b, -2)) {
    throw new TrainingError(
      "graph-invalid",
      `cannot multiply matrices [${a.shape}] and [${b.shape}]`,
    );
  }
  const lead = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...lead, dimensionAt(a, -2), dimensionAt(b, -1)];
  return a.graph.node("MatMul", [a, b], shape, (gradient) => [
    a.tracked ? sumToShape(matmul(gradient, transposeLast(b)), a) : undefined,
    b.tracked ? sumToShape(matmul(transposeLast(a), gradient), b) : undefined,
  ]);
}

function general(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const rows = dimensionAt(a, transposeA ? 1 : 0);
  const columns = dimensionAt(b, transposeB ? 0 : 1);
  return a.graph.node("Gemm", [a, b], [rows, columns], undefined, {
    transA: { int: transposeA ? 1 : 0 },
    transB: { int: transposeB ? 1 : 0 },
  });
}

/** x W + b for x [rows, inputs], W [inputs, outputs], b [outputs]. */
export function affine(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  if (dimensionAt(x, 1) !== dimensionAt(weight, 0)) {
    throw new TrainingError(
      "graph-invalid",
      `an affine map [${weight.shape}] does not fit [${x.shape}]`,
    );
  }
  const shape = [dimensionAt(x, 0), dimensionAt(weight, 1)];
  return x.graph.node("Gemm", [x, weight, bias], shape, (gradient) => [
    x.tracked ? general(gradient, weight, false, true) : undefined,
    weight.tracked ? general(x, gradient, true, false) : undefined,
    bias.tracked ? sum(gradient, [0]) : undefined,
  ]);
}

/**
 * x = A^-1 b for symmetric positive definite A [..., n, n] and b [..., n, 1], with small n:
 * Gauss-Jordan elimination, unrolled into about 9 n operators. Such matrices do not need pivoting
 * (Golub and Van Loan, Matrix Computations, 4.2). The gradient is that of the adjoint: db = A^-1 g,
 * dA = -db x'.
 */
export function solve(matrix: Tensor, right: Tensor): Tensor {
  const { graph } = matrix;
  const inverse = invert(detach(matrix));
  const apply = (vector: Tensor) => matmul(inverse, detach(vector));
  const solution = apply(right);
  return graph.withGradient([matrix, right], solution, (gradient) => {
    const adjoint = apply(gradient);
    const outer = () => negate(matmul(adjoint, transposeLast(solution)));
    return [matrix.tracked ? outer() : undefined, right.tracked ? adjoint : undefined];
  });
}

/** Inverse of symmetric positive definite matrices [..., n, n], by elimination on [A | I]. */
function invert(matrix: Tensor): Tensor {
  const { graph, shape } = matrix;
  const size = dimensionAt(matrix, -1);
  const last = shape.length - 1;
  const unit = (row: number) =>
    graph.constant(
      Array.from({ length: size }, (_, i) => (i === row ? 1 : 0)),
      [size, 1],
    );
  const others = (row: number) =>
    graph.constant(
      Array.from({ length: size }, (_, i) => (i === row ? 0 : 1)),
      [size, 1],
    );
  const identity = Float32Array.from({ length: size * size }, (_, i) =>
    i % (size + 1) === 0 ? 1 : 0,
  );
  let rows = concatenate([matrix, expand(graph.constant(identity, [size, size]), shape)], last);
  for (let pivot = 0; pivot < size; pivot += 1) {
    const row = slice(rows, last - 1, pivot, pivot + 1);
    const scaled = divide(row, slice(row, last, pivot, pivot + 1));
    const column = multiply(slice(rows, last, pivot, pivot + 1), others(pivot));
    const change = multiply(subtract(column, unit(pivot)), scaled);
    rows = subtract(multiply(rows, others(pivot)), change);
  }
  return slice(rows, last, size, 2 * size);
}
