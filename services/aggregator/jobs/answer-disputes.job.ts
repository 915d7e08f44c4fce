import { fromBase58, parserOf } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import { answerDisputes } from "../rounds/disputes/answer.ts";
import type { JobDefinition } from "./job.ts";

const Data = Type.Object({ federation: Type.String() });

/** Answers what challengers of a federation's rounds demand. */
export const answerDisputesJob: JobDefinition<Static<typeof Data>> = {
  name: "answer-disputes",
  attempts: 1,
  priority: 0,
  parse: parserOf(Data, "Job answer-disputes"),
  run: ({ context }, { federation }) => answerDisputes(context, fromBase58(federation)),
};
