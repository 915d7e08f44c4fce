import Type from "typebox";
import { addClamped } from "../kernels/index.ts";
import { definePlugin } from "../plugin.ts";
import type { Strategy } from "./strategy.ts";

const EMPTY = new Int32Array(0);

/**
 * FedAvg: McMahan, Moore, Ramage, Hampson, Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from Decentralized Data"
 * (AISTATS 2017), algorithm 1, with updates in place of models: next = clamp(base + mean).
 */
export const fedavg = definePlugin(
  "fedavg",
  Type.Object({ name: Type.Literal("fedavg") }, { additionalProperties: false }),
  (): Strategy => ({
    name: "fedavg",
    id: 0,
    momentum: 0,
    provable: true,
    stateLength: () => 0,
    apply: (base, mean) => ({ next: addClamped(base, mean), state: EMPTY }),
  }),
);
