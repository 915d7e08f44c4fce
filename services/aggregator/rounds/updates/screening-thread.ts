import { parentPort } from "node:worker_threads";
import { type ScreeningInput, screenUpdate } from "@plenary/algorithms";
import { PlenaryError } from "@plenary/protocol";
import type { ScreeningAnswer } from "./screener.ts";

/*
 * One thread of the screener: takes updates one after the other and answers each.
 */

parentPort?.on("message", ({ id, input }: { id: number; input: ScreeningInput }) => {
  const answer = screen(id, input);
  const delta = "screened" in answer ? answer.screened.delta : undefined;
  parentPort?.postMessage(answer, delta === undefined ? [] : [delta.buffer as ArrayBuffer]);
});

function screen(id: number, input: ScreeningInput): ScreeningAnswer {
  try {
    return { id, screened: screenUpdate(input) };
  } catch (error) {
    if (error instanceof PlenaryError)
      return { id, error: { code: error.code, message: error.message, context: error.context } };
    return { id, error: { code: "internal", message: String(error), context: {} } };
  }
}
