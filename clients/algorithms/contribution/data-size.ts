import Type from "typebox";
import { definePlugin } from "../plugin.ts";
import type { Contribution } from "./contribution.ts";

/**
 * Pays by the weight that a member declares, at most `cap`: the coefficient of McMahan et al.
 * (AISTATS 2017), algorithm 1. Nobody checks the declaration, so a member can raise its pay up to
 * the cap by overstating its data. For federations whose members trust each other.
 */
export const dataSize = definePlugin(
  "data-size",
  Type.Object(
    { name: Type.Literal("data-size"), cap: Type.Integer({ minimum: 1, maximum: 2 ** 26 - 1 }) },
    { additionalProperties: false },
  ),
  ({ cap }): Contribution => ({
    name: "data-size",
    score: async ({ counted }) => counted.map(({ weight }) => BigInt(Math.min(weight, cap))),
  }),
);
