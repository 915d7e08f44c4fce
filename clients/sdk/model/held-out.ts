import { type AnswerSet, fromHex, parseAnswers } from "@plenary/protocol";
import type { FederationContext } from "../access/index.ts";

/** Public answers of groups that no member has, and the seed by which they are halved. */
export interface HeldOut {
  readonly answers: AnswerSet;
  readonly halves: Uint8Array;
}

/** The held-out answers that the configuration names; null if it names none. */
export async function readHeldOut(
  {
    client,
    configuration,
    questionnaire,
  }: Pick<FederationContext, "client" | "configuration" | "questionnaire">,
  signal?: AbortSignal,
): Promise<HeldOut | null> {
  if (configuration.heldOut === null) return null;
  const halves = fromHex(configuration.heldOut, 32);
  const bytes = await client.download(halves, { signal });
  const answers = parseAnswers(JSON.parse(new TextDecoder().decode(bytes)), questionnaire);
  return { answers, halves };
}
