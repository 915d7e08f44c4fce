import { fromBase58, parserOf } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import { advanceFederation } from "../rounds/lifecycle/advance.ts";
import type { JobDefinition } from "./job.ts";

const Data = Type.Object({ federation: Type.String() });

/** Takes a federation's rounds as far as they can go now. */
export const advanceFederationJob: JobDefinition<Static<typeof Data>> = {
  name: "advance-federation",
  attempts: 1,
  priority: 0,
  parse: parserOf(Data, "Job advance-federation"),
  run: async ({ context, tools }, { federation }) => {
    await advanceFederation(context, tools, fromBase58(federation));
  },
};
