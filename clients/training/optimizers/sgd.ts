import type { Optimizer } from "./optimizer.ts";

/** Plain gradient descent with weight decay. */
export const sgd: Optimizer = {
  init: () => ({ step: 0, moments: [] }),
  apply: ({ parameters, gradient, state, learningRate, settings, from, to }) => {
    for (let i = from; i < to; i += 1) {
      parameters[i] =
        parameters[i]! - learningRate * (gradient[i]! + settings.weightDecay * parameters[i]!);
    }
    return { step: state.step + 1, moments: state.moments };
  },
};
