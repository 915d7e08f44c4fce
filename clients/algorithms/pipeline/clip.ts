import { FRACTION_BITS } from "@plenary/protocol";
import Type from "typebox";
import { magnitudeOf } from "../kernels/index.ts";
import { definePlugin } from "../plugin.ts";
import { scale } from "./scale.ts";
import type { UpdateStep } from "./update-step.ts";

/**
 * Norm clipping: McMahan, Ramage, Talwar, Zhang, "Learning Differentially Private Recurrent
 * Language Models" (ICLR 2018), section 2.2, flat clipping. An update longer than `maxNorm` (L2, in
 * real units) is scaled down to it. This step is for a bound below the federation's screening; an
 * update that screening would refuse is never sent, with this step or without (see compress.ts).
 */
export const clip = definePlugin(
  "clip",
  Type.Object(
    { name: Type.Literal("clip"), maxNorm: Type.Number({ exclusiveMinimum: 0, maximum: 1e9 }) },
    { additionalProperties: false },
  ),
  ({ maxNorm }): UpdateStep => ({
    name: "clip",
    init: () => [],
    apply: ({ delta }) => {
      const norm = Math.sqrt(Number(magnitudeOf(delta).sumOfSquares));
      const limit = maxNorm * 2 ** FRACTION_BITS;
      return { delta: norm > limit ? scale(delta, limit / norm) : delta, state: [] };
    },
  }),
);
