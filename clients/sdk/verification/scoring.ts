import type { Evaluate } from "@plenary/algorithms";
import {
  decodeEmbeddings,
  type FederationConfiguration,
  fromHex,
  parseAnswers,
  parseQuestionnaire,
} from "@plenary/protocol";
import { createPredictor, openEngine, utility } from "@plenary/training";
import { readNamed } from "./public-round.ts";
import type { Verifier } from "./verifier.ts";

/** Scores models as the service must have scored them. */
export interface Scoring {
  readonly evaluate: Evaluate;
  close(): Promise<void>;
}

/**
 * Scores with the engine that gives the same bits everywhere. A federation that pays by data size
 * needs no engine. Throws Refuted on withheld bytes.
 */
export async function openScoring(
  verifier: Verifier,
  configuration: FederationConfiguration,
  signal?: AbortSignal,
): Promise<Scoring> {
  const { heldOut: hash } = configuration.contribution;
  if (typeof hash !== "string")
    return { evaluate: () => Promise.resolve(0), close: () => Promise.resolve() };
  const json = async (what: string, name: string): Promise<unknown> =>
    JSON.parse(
      new TextDecoder().decode(await readNamed(verifier, what, fromHex(name, 32), signal)),
    );
  const questionnaire = parseQuestionnaire(
    await json("the questionnaire", configuration.questionnaire),
  );
  const { blob } = questionnaire.embeddings;
  const embeddings = decodeEmbeddings(
    await readNamed(verifier, "the questionnaire's embeddings", fromHex(blob, 32), signal),
  );
  const predictor = createPredictor(configuration.predictor, questionnaire, embeddings);
  const heldOut = parseAnswers(await json("the held-out answers", hash), questionnaire);
  const engine = await openEngine("wasm");
  return {
    evaluate: (model) => utility({ predictor, model, heldOut, engine }),
    close: () => engine.close(),
  };
}
