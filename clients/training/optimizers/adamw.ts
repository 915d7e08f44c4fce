import type { Optimizer } from "./optimizer.ts";

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-8;

/**
 * Adam with decoupled weight decay (arXiv 1711.05101, algorithm 2). Only + - * / and square roots
 * in index order: the same bits on every machine.
 */
export const adamw: Optimizer = {
  init: (parameterCount) => ({
    step: 0,
    moments: [new Float32Array(parameterCount), new Float32Array(parameterCount)],
  }),
  apply: ({ parameters, gradient, state, learningRate, settings, from, to }) => {
    const step = state.step + 1;
    const [first, second] = state.moments as readonly [Float32Array, Float32Array];
    const firstCorrection = 1 - power(FIRST_DECAY, step);
    const secondCorrection = 1 - power(SECOND_DECAY, step);
    const keep = 1 - learningRate * settings.weightDecay;
    for (let i = from; i < to; i += 1) {
      const g = gradient[i]!;
      const mean = Math.fround(FIRST_DECAY * first[i]! + (1 - FIRST_DECAY) * g);
      const square = Math.fround(SECOND_DECAY * second[i]! + (1 - SECOND_DECAY) * g * g);
      first[i] = mean;
      second[i] = square;
      const scale = Math.sqrt(square / secondCorrection) + EPSILON;
      parameters[i] = parameters[i]! * keep - (learningRate * (mean / firstCorrection)) / scale;
    }
    return { step, moments: state.moments };
  },
};

/** base^exponent by repeated squaring; Math.pow is not fixed bit for bit. */
function power(base: number, exponent: number): number {
  let result = 1;
  let factor = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}
