import { PlenaryError } from "@plenary/protocol";
import Type from "typebox";
import { definePlugin } from "../plugin.ts";
import type { Contribution, Evaluate } from "./contribution.ts";

/**
 * Leave-one-out: an update is worth U(next) - U(next without it). Wang, Dang, Zhou, "Measure
 * Contribution of Participants in Federated Learning" (IEEE Big Data 2019, arXiv:1909.08525),
 * section III-A, on updates in place of retraining. Costs K + 1 evaluations.
 *
 * The sum of squares in place of a likelihood: it needs no logarithm, which IEEE 754 does not fix.
 * Without the only update of a round the aggregate is zero.
 */
export const leaveOneOut = definePlugin(
  "leave-one-out",
  Type.Object(
    {
      name: Type.Literal("leave-one-out"),
      /** Blob of the answers that models are scored on. */
      heldOut: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    },
    { additionalProperties: false },
  ),
  (): Contribution => ({
    name: "leave-one-out",
    score: async ({ next, nextWithout, counted, evaluate }) => {
      const full = await utility(evaluate, next);
      const scores: bigint[] = [];
      for (const index of counted.keys())
        scores.push(full - (await utility(evaluate, await nextWithout(index))));
      return scores;
    },
  }),
);

async function utility(evaluate: Evaluate, model: Int32Array): Promise<bigint> {
  const value = await evaluate(model);
  if (typeof value === "bigint") return value;
  if (!Number.isSafeInteger(value))
    throw new PlenaryError(
      "round-inconsistent",
      `A utility is an integer, else it would not replay; the evaluation gave ${value}. Return a bigint beyond 2^53.`,
      { value },
    );
  return BigInt(value);
}
