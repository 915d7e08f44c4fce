import assert from "node:assert/strict";
import { test } from "node:test";
import { optimizers } from "./index.ts";
import { cosineDecay, cosineSchedule } from "./schedule.ts";

const gradients = [
  [0.5, -1, 0],
  [0.25, 2, 0.125],
  [-1, 0.5, 4],
];

/** Algorithm 2 of arXiv 1711.05101, written from the paper with Math.pow. */
function referenceAdamw(rate: number, decay: number): number[] {
  const x = [1, -2, 3];
  const m = [0, 0, 0];
  const v = [0, 0, 0];
  gradients.forEach((gradient, t) => {
    gradient.forEach((g, i) => {
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      const mHat = m[i]! / (1 - 0.9 ** (t + 1));
      const vHat = v[i]! / (1 - 0.999 ** (t + 1));
      x[i] = x[i]! - rate * decay * x[i]! - (rate * mHat) / (Math.sqrt(vHat) + 1e-8);
    });
  });
  return x;
}

test("adamw follows its paper and leaves the rest of the vector alone", () => {
  const parameters = Float32Array.of(9, 1, -2, 3, 9);
  let state = optimizers.adamw.init(5);
  for (const gradient of gradients) {
    const padded = Float32Array.of(7, ...gradient, 7);
    state = optimizers.adamw.apply({
      parameters,
      gradient: padded,
      state,
      learningRate: 0.1,
      settings: { weightDecay: 0.01 },
      from: 1,
      to: 4,
    });
  }
  assert.equal(state.step, 3);
  referenceAdamw(0.1, 0.01).forEach((value, i) => {
    assert.ok(Math.abs(parameters[i + 1]! - value) < 1e-5, `${parameters[i + 1]} is not ${value}`);
  });
  assert.deepEqual([parameters[0], parameters[4]], [9, 9]);
});

test("sgd subtracts rate x gradient", () => {
  const parameters = Float32Array.of(1, 2);
  const state = optimizers.sgd.init(2);
  const update = { parameters, gradient: Float32Array.of(4, -8), state, from: 0, to: 2 };
  optimizers.sgd.apply({ ...update, learningRate: 0.25, settings: { weightDecay: 0 } });
  assert.deepEqual([...parameters], [0, 4]);
});

test("the cosine is that of Math.cos, without calling it, and the schedule ends at a twentieth", () => {
  for (let progress = 0; progress <= 1; progress += 1 / 64) {
    const expected = (1 + Math.cos(Math.PI * progress)) / 2;
    assert.ok(Math.abs(cosineDecay(progress) - expected) < 1e-9);
  }
  assert.equal(cosineSchedule(0), 1);
  assert.ok(Math.abs(cosineSchedule(7) - 0.05) < 1e-9);
});
