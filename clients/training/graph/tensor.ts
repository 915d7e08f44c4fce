import { TrainingError } from "../errors.ts";

/** Element types that the graphs use: values are float32, indices and shapes int64. */
export type ElementType = "float32" | "int64";
/** Lengths of a tensor's axes, the slowest first; empty for a scalar. */
export type Shape = readonly number[];

/** An attribute of an ONNX node. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] };
export type Attributes = Readonly<Record<string, Attribute>>;

/**
 * Gradient rule of one node: from the gradients of its outputs (undefined where nothing depends on
 * the output) to those of its inputs (undefined for inputs that are not tracked).
 */
export type GradientRule = (
  outputs: readonly (Tensor | undefined)[],
) => readonly (Tensor | undefined)[];

/** The same for a node with one output, on which something depends. */
export type OutputRule = (output: Tensor) => readonly (Tensor | undefined)[];

/**
 * A node with any number of outputs: its ONNX operator, the outputs' shapes, and its gradient rule.
 * Without a rule no gradient flows through it.
 */
export interface NodeSpecification {
  readonly operator: string;
  readonly inputs: readonly Tensor[];
  readonly shapes: readonly Shape[];
  readonly attributes?: Attributes;
  readonly gradient?: GradientRule;
}

/** The part of a graph that operators use through their tensors (see graph.ts). */
export interface Tape {
  /** A value fed at every run. `tracked` ones can be differentiated for. */
  input(
    name: string,
    shape: Shape,
    options?: { readonly elementType?: ElementType; readonly tracked?: boolean },
  ): Tensor;
  /** A constant tensor; small ones are shared. */
  constant(values: ArrayLike<number>, shape: Shape, elementType?: ElementType): Tensor;
  scalar(value: number): Tensor;
  integers(values: readonly number[]): Tensor;
  /** One operator with several outputs. Throws when a gradient would be lost in it. */
  nodes(specification: NodeSpecification): readonly Tensor[];
  /** One operator with one output; its rule sees that output's gradient. */
  node(
    operator: string,
    inputs: readonly Tensor[],
    shape: Shape,
    gradient?: OutputRule,
    attributes?: Attributes,
  ): Tensor;
  /**
   * A value computed from detached `inputs` by any number of operators, with a custom gradient: the
   * operators' own rules are not used.
   */
  withGradient(inputs: readonly Tensor[], value: Tensor, gradient: OutputRule): Tensor;
}

/**
 * A value of the graph with a static shape. `tracked` means that a gradient flows through it: the
 * graph refuses operators without a gradient rule on such inputs.
 */
export interface Tensor {
  readonly graph: Tape;
  readonly name: string;
  readonly shape: Shape;
  readonly elementType: ElementType;
  readonly tracked: boolean;
}

/** The same value, through which no gradient flows. */
export function detach(tensor: Tensor): Tensor {
  return { ...tensor, tracked: false };
}

/** Number of elements of a tensor of this shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Whether both shapes have the same axes. Broadcasting is not considered. */
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

/**
 * Length of one axis, counted from the end if negative. Throws `graph-invalid` if there is none.
 */
export function dimensionAt(tensor: Tensor, axis: number): number {
  return tensor.shape[normalizeAxis(axis, tensor.shape.length)]!;
}
