import Type from "typebox";
import { addClamped, decayAndAdd } from "../kernels/index.ts";
import { definePlugin } from "../plugin.ts";
import { zeroState } from "./state.ts";
import type { Strategy } from "./strategy.ts";

/**
 * FedAvgM: Hsu, Qi, Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated
 * Visual Classification" (arXiv:1909.06335), section 4: v' = beta v + aggregate, next = base + v',
 * with beta = momentum / 2^16, beta v rounded half up, both sums clamped.
 */
export const fedavgm = definePlugin(
  "fedavgm",
  Type.Object(
    { name: Type.Literal("fedavgm"), momentum: Type.Integer({ minimum: 0, maximum: 65535 }) },
    { additionalProperties: false },
  ),
  ({ momentum }): Strategy => ({
    name: "fedavgm",
    rule: { code: 1, parameters: [momentum], stateVectors: 1 },
    init: (parameterCount) => zeroState(1, parameterCount),
    apply: (base, aggregate, [velocity = new Int32Array(base.length)]) => {
      const next = decayAndAdd(velocity, aggregate, momentum);
      return { next: addClamped(base, next), state: [next] };
    },
  }),
);
