import { TrainingError } from "../errors.ts";
import type { Graph } from "./graph.ts";

export type ElementType = "float32" | "int64";
export type Shape = readonly number[];

/**
 * A value of the graph with a static shape. `tracked` means that a gradient flows through it: the graph
 * refuses operators without a gradient rule on such inputs.
 */
export interface Tensor {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: Shape;
  readonly elementType: ElementType;
  readonly tracked: boolean;
}

/** The same value, through which no gradient flows. */
export function detach(tensor: Tensor): Tensor {
  return { ...tensor, tracked: false };
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Axis counted from the end when negative, as in ONNX. */
export function normalizeAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= rank) {
    throw new TrainingError(
      "graph-invalid",
      `axis ${axis} does not exist in a tensor of rank ${rank}`,
    );
  }
  return normal;
}

/** Multidirectional broadcasting (ONNX, "Broadcasting in ONNX"). */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[a.length - rank + axis] ?? 1;
    const right = b[b.length - rank + axis] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new TrainingError(
        "graph-invalid",
        `shapes [${a}] and [${b}] cannot be broadcast together`,
      );
    }
    return left === 1 ? right : left;
  });
}

export function dimensionAt(tensor: Tensor, axis: number): number {
  return tensor.shape[normalizeAxis(axis, tensor.shape.length)]!;
}
