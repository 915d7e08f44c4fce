import { multiply } from "./elementwise.ts";
import { expand, reduce } from "./shape.ts";
import { dimensionAt, type Tensor } from "./tensor.ts";

/** Mean over axes; `keep` leaves them with length 1. */
export function mean(x: Tensor, axes: readonly number[], keep = false): Tensor {
  const count = axes.reduce((product, axis) => product * dimensionAt(x, axis), 1);
  return reduce("ReduceMean", x, axes, keep, (gradient) =>
    expand(multiply(gradient, 1 / count), x.shape),
  );
}

/** Largest value over axes, of a tensor through which no gradient flows. */
export function largest(x: Tensor, axes: readonly number[], keep = false): Tensor {
  return reduce("ReduceMax", x, axes, keep);
}
