import { fromBase58, parserOf } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import { finalizeRounds } from "../rounds/lifecycle/finalize.ts";
import type { JobDefinition } from "./job.ts";

const Data = Type.Object({ federation: Type.String() });

/** Makes rounds final whose challenge window is over. */
export const finalizeRoundsJob: JobDefinition<Static<typeof Data>> = {
  name: "finalize-rounds",
  attempts: 1,
  priority: 1,
  parse: parserOf(Data, "Job finalize-rounds"),
  run: ({ context }, { federation }) => finalizeRounds(context, fromBase58(federation)),
};
