import { exp, log, multiply, subtract } from "./elementwise.ts";
import { largest, mean } from "./reductions.ts";
import { sum } from "./shape.ts";
import { detach, type Tensor } from "./tensor.ts";

/** Softmax over the last axis. */
export function softmax(x: Tensor): Tensor {
  const result: Tensor = x.graph.node(
    "Softmax",
    [x],
    x.shape,
    (gradient) => {
      const weighted = multiply(gradient, result);
      return [subtract(weighted, multiply(result, sum(weighted, [-1], true)))];
    },
    { axis: { int: -1 } },
  );
  return result;
}

/** log(softmax(x)) over the last axis, stable for any finite x. */
export function logSoftmax(x: Tensor): Tensor {
  const shifted = subtract(x, largest(detach(x), [-1], true));
  return subtract(shifted, log(sum(exp(shifted), [-1], true)));
}

/**
 * (x - mean) / sqrt(variance + epsilon) over the last axis, scaled and shifted (arXiv 1607.06450).
 */
export function layerNormalization(
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  epsilon = 1e-5,
): Tensor {
  const value = detach(x);
  const factor = detach(scale);
  const lead = x.shape.slice(0, -1).map((_, axis) => axis);
  const statistics = [...x.shape.slice(0, -1), 1];
  const [result, centre, inverseDeviation] = x.graph.nodes({
    operator: "LayerNormalization",
    inputs: [value, factor, detach(shift)],
    shapes: [x.shape, statistics, statistics],
    attributes: { axis: { int: -1 }, epsilon: { float: epsilon } },
  }) as readonly [Tensor, Tensor, Tensor];
  return x.graph.withGradient([x, scale, shift], result, (gradient) => {
    const unit = multiply(subtract(value, centre), inverseDeviation);
    const inner = multiply(gradient, factor);
    const along = mean(multiply(inner, unit), [-1], true);
    const balanced = subtract(subtract(inner, mean(inner, [-1], true)), multiply(unit, along));
    return [
      x.tracked ? multiply(balanced, inverseDeviation) : undefined,
      scale.tracked ? sum(multiply(gradient, unit), lead) : undefined,
      shift.tracked ? sum(gradient, lead) : undefined,
    ];
  });
}
