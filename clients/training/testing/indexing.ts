import { type Shape, sizeOf } from "../graph/tensor.ts";

/** A tensor's numbers in row-major order. */
export interface Value {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis -= 1)
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Calls `visit` with every index tuple of a shape, in row-major order. */
export function forEachIndex(
  shape: Shape,
  visit: (index: readonly number[], position: number) => void,
): void {
  const strides = stridesOf(shape);
  for (let position = 0; position < sizeOf(shape); position += 1) {
    visit(
      shape.map((dimension, axis) => Math.floor(position / strides[axis]!) % dimension),
      position,
    );
  }
}

/** The element of a value that broadcasting pairs with an index of a larger shape. */
export function at({ shape, data }: Value, index: readonly number[]): number {
  const strides = stridesOf(shape);
  const lead = index.length - shape.length;
  return data[
    shape.reduce(
      (sum, dim, axis) => sum + (dim === 1 ? 0 : index[axis + lead]! * strides[axis]!),
      0,
    )
  ]!;
}

/** Fills a shape from a function of the index. */
export function fill(shape: Shape, value: (index: readonly number[]) => number): Float64Array {
  const out = new Float64Array(sizeOf(shape));
  forEachIndex(shape, (index, position) => {
    out[position] = value(index);
  });
  return out;
}
