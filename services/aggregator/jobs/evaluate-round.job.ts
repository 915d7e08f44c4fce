import { fromBase58, parserOf } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import { evaluateRound } from "../rounds/lifecycle/evaluate.ts";
import type { JobDefinition } from "./job.ts";

const Data = Type.Object({
  federation: Type.String(),
  round: Type.String({ pattern: "^[0-9]+$" }),
});

/** Scores a round's model for people to see. */
export const evaluateRoundJob: JobDefinition<Static<typeof Data>> = {
  name: "evaluate-round",
  attempts: 3,
  priority: 2,
  parse: parserOf(Data, "Job evaluate-round"),
  run: ({ context, tools }, { federation, round }) =>
    evaluateRound(context, tools, { federation: fromBase58(federation), number: BigInt(round) }),
};
