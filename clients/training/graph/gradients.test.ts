import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { randomStream } from "@plenary/protocol";
import type { Engine } from "../sessions/engine.ts";
import { openEngine } from "../sessions/index.ts";
import { interpret } from "../testing/interpret.ts";
import * as elementwise from "./elementwise.ts";
import { emitOnnx } from "./emit.ts";
import { Graph } from "./graph.ts";
import { affine, matmul, solve } from "./linear-algebra.ts";
import { layerNormalization, logSoftmax, softmax } from "./normalize.ts";
import { mean } from "./reductions.ts";
import * as shape from "./shape.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

interface Case {
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  /** Range of the drawn inputs; -2..2 unless given. */
  readonly range?: readonly [number, number];
  readonly build: (...inputs: Tensor[]) => Tensor;
}

const {
  add,
  subtract,
  multiply,
  divide,
  sumToShape: _sumToShape,
  maximum,
  ...unaries
} = elementwise;

const positive = ["log", "sqrt"];
const unaryCases: Case[] = Object.entries(unaries).map(([name, operation]) => ({
  name,
  inputs: [[3, 4]],
  ...(positive.includes(name) ? { range: [0.3, 3] as const } : {}),
  build: (x) => operation(x!),
}));

const cases: Case[] = [
  ...unaryCases,
  { name: "add, broadcast", inputs: [[2, 3], [3]], build: (a, b) => add(a!, b!) },
  { name: "subtract, broadcast", inputs: [[3], [2, 1, 3]], build: (a, b) => subtract(a!, b!) },
  {
    name: "multiply, broadcast",
    inputs: [
      [2, 1],
      [2, 3],
    ],
    build: (a, b) => multiply(a!, b!),
  },
  { name: "multiply by itself", inputs: [[5]], build: (a) => multiply(a!, a!) },
  {
    name: "divide, broadcast",
    inputs: [
      [2, 3],
      [1, 3],
    ],
    range: [0.5, 2],
    build: (a, b) => divide(a!, b!),
  },
  { name: "add and multiply by numbers", inputs: [[4]], build: (a) => multiply(add(a!, 2), 3) },
  { name: "reshape", inputs: [[2, 6]], build: (x) => shape.reshape(x!, [3, 4]) },
  { name: "transpose", inputs: [[2, 3, 4]], build: (x) => shape.transpose(x!, [2, 0, 1]) },
  { name: "transposeLast", inputs: [[2, 3, 4]], build: (x) => shape.transposeLast(x!) },
  { name: "slice", inputs: [[4, 5]], build: (x) => shape.slice(x!, -1, 1, 4) },
  {
    name: "split, a piece left out",
    inputs: [[2, 6]],
    build: (x) => {
      const [first, , third] = shape.split(x!, 1, [1, 2, 3]);
      return shape.concatenate([third!, multiply(first!, 2)], 1);
    },
  },
  {
    name: "concatenate",
    inputs: [
      [2, 2],
      [3, 2],
    ],
    build: (a, b) => shape.concatenate([a!, b!, a!], 0),
  },
  { name: "expand", inputs: [[2, 1]], build: (x) => shape.expand(x!, [3, 2, 4]) },
  { name: "sum", inputs: [[2, 3, 4]], build: (x) => shape.sum(x!, [0, -1]) },
  { name: "sum, kept", inputs: [[2, 3]], build: (x) => shape.sum(x!, [1], true) },
  { name: "mean", inputs: [[2, 3, 4]], build: (x) => mean(x!, [1]) },
  {
    name: "permute, padded, by constants",
    inputs: [[2, 3]],
    build: (x) =>
      shape.permute(x!, x!.graph.integers([2, 3, 0, 3]), x!.graph.integers([2, 4, 0]), 7),
  },
  {
    name: "permute, padded, row by row",
    inputs: [[2, 3]],
    build: (x) => {
      const forward = x!.graph.constant([2, 3, 0, 3, 1, 0], [2, 3], "int64");
      const inverse = x!.graph.constant([2, 3, 0, 2, 1, 3], [2, 3], "int64");
      return shape.permute(x!, forward, inverse);
    },
  },
  {
    name: "matmul",
    inputs: [
      [2, 3],
      [3, 4],
    ],
    build: (a, b) => matmul(a!, b!),
  },
  {
    name: "matmul, broadcast",
    inputs: [
      [2, 1, 2, 3],
      [5, 3, 2],
    ],
    build: (a, b) => matmul(a!, b!),
  },
  { name: "affine", inputs: [[4, 3], [3, 2], [2]], build: (x, w, b) => affine(x!, w!, b!) },
  {
    name: "solve",
    inputs: [
      [2, 3, 3],
      [2, 3, 1],
    ],
    build: (half, right) => {
      const identity = right!.graph.constant([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]);
      return solve(add(matmul(half!, shape.transposeLast(half!)), identity), right!);
    },
  },
  { name: "softmax", inputs: [[2, 4]], build: (x) => softmax(x!) },
  { name: "logSoftmax", inputs: [[2, 4]], build: (x) => logSoftmax(x!) },
  {
    name: "layerNormalization",
    inputs: [[2, 3, 5], [5], [5]],
    build: (x, s, b) => layerNormalization(x!, s!, b!),
  },
];

/** The case as a scalar loss: a fixed random mixture of its outputs, plus its squares. */
function lossGraph({ inputs, build }: Case): Graph {
  const graph = new Graph();
  const tensors = inputs.map((dimensions, i) =>
    graph.input(`x${i}`, dimensions, { tracked: true }),
  );
  const result = build(...tensors);
  const random = randomStream(1, "mixture");
  const mixture = graph.constant(
    Float64Array.from({ length: sizeOf(result.shape) }, () => 2 * random.unit() - 1),
    result.shape,
  );
  const axes = result.shape.map((_, axis) => axis);
  const mixed = multiply(result, add(mixture, multiply(result, 0.5)));
  const loss = axes.length === 0 ? mixed : shape.sum(mixed, axes);
  graph.gradient(loss, tensors).forEach((gradient, i) => {
    graph.output(`d${i}`, gradient);
  });
  graph.output("loss", shape.reshape({ ...loss, tracked: false }, [1]));
  return graph;
}

function draw({ inputs, range = [-2, 2] }: Case): Record<string, Float64Array> {
  const random = randomStream(2, "inputs");
  const [low, high] = range;
  return Object.fromEntries(
    inputs.map((dimensions, i) => [
      `x${i}`,
      Float64Array.from({ length: sizeOf(dimensions) }, () => low + (high - low) * random.unit()),
    ]),
  );
}

describe("every operator's gradient", () => {
  let engine: Engine;
  before(async () => {
    engine = await openEngine("native");
  });
  after(() => engine.close());

  for (const item of cases) {
    test(`${item.name}: finite differences in float64, and onnxruntime computes the same`, async () => {
      const graph = lossGraph(item);
      const feeds = draw(item);
      const exact = interpret(graph, feeds);
      const step = 1e-5;
      item.inputs.forEach((_, i) => {
        const gradient = exact[`d${i}`]!;
        feeds[`x${i}`]!.forEach((value, j) => {
          const lossAt = (moved: number) => {
            const changed = feeds[`x${i}`]!.slice();
            changed[j] = moved;
            return interpret(graph, { ...feeds, [`x${i}`]: changed }).loss![0]!;
          };
          const numeric = (lossAt(value + step) - lossAt(value - step)) / (2 * step);
          const tolerance = 1e-7 * Math.max(1, Math.abs(numeric));
          assert.ok(
            Math.abs(numeric - gradient[j]!) < tolerance,
            `d${i}[${j}]: ${gradient[j]} is not ${numeric}`,
          );
        });
      });
      const session = await engine.load(emitOnnx(graph, "case"));
      const floats = Object.fromEntries(
        Object.entries(feeds).map(([name, x]) => [name, Float32Array.from(x)]),
      );
      const results = await session.run(floats);
      for (const [name, values] of Object.entries(exact)) {
        values.forEach((value, j) => {
          const error = Math.abs(results[name]![j]! - value);
          assert.ok(
            error < 2e-4 * Math.max(1, Math.abs(value)),
            `${name}[${j}]: ${results[name]![j]} is not ${value}`,
          );
        });
      }
    });
  }
});

describe("a broken gradient path is refused", () => {
  const invalid = { code: "graph-invalid" };

  test("an operator without a rule on a tracked input", () => {
    const graph = new Graph();
    const x = graph.input("x", [3], { tracked: true });
    assert.throws(() => maximum(x, 0), invalid);
    assert.throws(() => shape.takeRows(x, [0]), invalid);
  });

  test("a target that the loss does not depend on", () => {
    const graph = new Graph();
    const x = graph.input("x", [3], { tracked: true });
    const y = graph.input("y", [3], { tracked: true });
    assert.throws(() => graph.gradient(shape.sum(multiply(x, x), [0]), [x, y]), invalid);
  });

  test("a target behind a detached value", () => {
    const graph = new Graph();
    const x = graph.input("x", [3], { tracked: true });
    const loss = shape.sum({ ...multiply(x, x), tracked: false }, [0]);
    assert.throws(() => graph.gradient(loss, [x]), invalid);
  });

  test("a rule that leaves out a tracked input or returns a wrong shape", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 1], { tracked: true });
    const lost = graph.node("Neg", [x], [2, 1], () => [undefined]);
    assert.throws(() => graph.gradient(shape.sum(lost, [0, 1]), [x]), invalid);
    const wrong = graph.node("Neg", [x], [2, 1], (gradient) => [shape.reshape(gradient, [2])]);
    assert.throws(() => graph.gradient(shape.sum(wrong, [0, 1]), [x]), invalid);
  });

  test("a loss that is not one number", () => {
    const graph = new Graph();
    const x = graph.input("x", [3], { tracked: true });
    assert.throws(() => graph.gradient(multiply(x, 2), [x]), invalid);
  });

  test("shapes that do not fit", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    assert.throws(() => shape.reshape(x, [4]), invalid);
    assert.throws(() => shape.slice(x, 1, 2, 4), invalid);
    assert.throws(() => shape.split(x, 1, [1, 1]), invalid);
    assert.throws(() => matmul(x, x), invalid);
    assert.throws(() => add(x, graph.input("y", [2, 2])), invalid);
    assert.throws(() => graph.constant([1, 2], [3]), invalid);
  });
});
