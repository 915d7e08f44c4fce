import Type from "typebox";
import { addClamped } from "../kernels/index.ts";
import { definePlugin } from "../plugin.ts";
import type { Strategy } from "./strategy.ts";

/**
 * FedAvg: McMahan, Moore, Ramage, Hampson, Agüera y Arcas, "Communication-Efficient Learning of
 * Deep Networks from Decentralized Data" (AISTATS 2017), algorithm 1, with updates in place of
 * models: next = clamp(base + aggregate).
 */
export const fedavg = definePlugin(
  "fedavg",
  Type.Object({ name: Type.Literal("fedavg") }, { additionalProperties: false }),
  (): Strategy => ({
    name: "fedavg",
    rule: { code: 0, parameters: [], stateVectors: 0 },
    init: () => [],
    apply: (base, aggregate) => ({ next: addClamped(base, aggregate), state: [] }),
  }),
);
