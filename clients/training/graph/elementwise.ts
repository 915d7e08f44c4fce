import { reshape, sum } from "./shape.ts";
import { broadcastShape, detach, sameShape, type Tensor } from "./tensor.ts";

type Operand = Tensor | number;

function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  if (typeof a === "number") {
    if (typeof b === "number") throw new TypeError("an operator needs a tensor among its operands");
    return [b.graph.scalar(a), b];
  }
  return [a, typeof b === "number" ? a.graph.scalar(b) : b];
}

/** Sums a gradient over the axes along which its tensor was broadcast. */
export function sumToShape(gradient: Tensor, target: Tensor): Tensor {
  if (sameShape(gradient.shape, target.shape)) return gradient;
  const lead = gradient.shape.length - target.shape.length;
  const axes = gradient.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || target.shape[axis - lead] !== gradient.shape[axis]);
  return reshape(axes.length === 0 ? gradient : sum(gradient, axes, true), target.shape);
}

function binary(
  operator: string,
  a: Tensor,
  b: Tensor,
  rule: (gradient: Tensor) => readonly [() => Tensor, () => Tensor],
): Tensor {
  return a.graph.node(operator, [a, b], broadcastShape(a.shape, b.shape), (gradient) => {
    const [forA, forB] = rule(gradient);
    return [
      a.tracked ? sumToShape(forA(), a) : undefined,
      b.tracked ? sumToShape(forB(), b) : undefined,
    ];
  });
}

/**
 * left + right, with broadcasting: the smaller shape is aligned at the last axis, and axes of
 * length 1 are repeated. Numbers are scalars. Throws `graph-invalid` if the shapes do not fit.
 */
export function add(left: Operand, right: Operand): Tensor {
  const [a, b] = operands(left, right);
  return binary("Add", a, b, (gradient) => [() => gradient, () => gradient]);
}

/** left - right, broadcast as in `add`. */
export function subtract(left: Operand, right: Operand): Tensor {
  const [a, b] = operands(left, right);
  return binary("Sub", a, b, (gradient) => [() => gradient, () => negate(gradient)]);
}

/** left * right elementwise, broadcast as in `add`. */
export function multiply(left: Operand, right: Operand): Tensor {
  const [a, b] = operands(left, right);
  return binary("Mul", a, b, (gradient) => [
    () => multiply(gradient, b),
    () => multiply(gradient, a),
  ]);
}

/** left / right elementwise, broadcast as in `add`. Division by zero follows IEEE 754. */
export function divide(left: Operand, right: Operand): Tensor {
  const [a, b] = operands(left, right);
  const quotient: Tensor = binary("Div", a, b, (gradient) => [
    () => divide(gradient, b),
    () => negate(divide(multiply(gradient, quotient), b)),
  ]);
  return quotient;
}

function unary(
  operator: string,
  x: Tensor,
  rule: (gradient: Tensor, result: Tensor) => Tensor,
): Tensor {
  const result: Tensor = x.graph.node(operator, [x], x.shape, (gradient) => [
    rule(gradient, result),
  ]);
  return result;
}

/** -x elementwise. */
export function negate(x: Tensor): Tensor {
  return unary("Neg", x, (gradient) => negate(gradient));
}

/** e^x elementwise. */
export function exp(x: Tensor): Tensor {
  return unary("Exp", x, (gradient, result) => multiply(gradient, result));
}

/** The natural logarithm, elementwise; NaN below zero. */
export function log(x: Tensor): Tensor {
  return unary("Log", x, (gradient) => divide(gradient, x));
}

/** The square root, elementwise; its gradient at zero is infinite. */
export function sqrt(x: Tensor): Tensor {
  return unary("Sqrt", x, (gradient, result) => divide(multiply(gradient, 0.5), result));
}

/** The hyperbolic tangent, elementwise. */
export function tanh(x: Tensor): Tensor {
  return unary("Tanh", x, (gradient, result) =>
    multiply(gradient, subtract(1, multiply(result, result))),
  );
}

/** 1 / (1 + e^-x) elementwise. */
export function sigmoid(x: Tensor): Tensor {
  return unary("Sigmoid", x, (gradient, result) =>
    multiply(gradient, multiply(result, subtract(1, result))),
  );
}

/** log(1 + e^x) */
export function softplus(x: Tensor): Tensor {
  return unary("Softplus", x, (gradient) => multiply(gradient, sigmoid(x)));
}

/** max(x, 0); the gradient at 0 is 0. */
export function relu(x: Tensor): Tensor {
  return unary("Relu", x, (gradient, result) =>
    multiply(gradient, result.graph.node("Sign", [result], result.shape)),
  );
}

/** x Phi(x) with the exact normal distribution function (arXiv 1606.08415). */
export function gelu(x: Tensor): Tensor {
  const value = detach(x);
  const error = x.graph.node("Erf", [multiply(value, Math.SQRT1_2)], x.shape);
  const distribution = multiply(add(error, 1), 0.5);
  return x.graph.node("Mul", [x, distribution], x.shape, (gradient) => {
    const density = multiply(
      exp(multiply(multiply(value, value), -0.5)),
      1 / Math.sqrt(2 * Math.PI),
    );
    return [multiply(gradient, add(distribution, multiply(value, density))), undefined];
  });
}

/** Element-wise maximum of values through which no gradient flows. */
export function maximum(left: Operand, right: Operand): Tensor {
  const [a, b] = operands(left, right);
  return a.graph.node("Max", [a, b], broadcastShape(a.shape, b.shape));
}
