import { parserOf } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import { screenReceived } from "../rounds/updates/screen.ts";
import type { JobDefinition } from "./job.ts";

const Data = Type.Object({ update: Type.String({ pattern: "^[0-9]+$" }) });

/** Decodes, screens and folds one update. */
export const screenUpdateJob: JobDefinition<Static<typeof Data>> = {
  name: "screen-update",
  attempts: 3,
  priority: 0,
  parse: parserOf(Data, "Job screen-update"),
  run: ({ context, tools }, { update }) => screenReceived(context, tools, BigInt(update)),
};
