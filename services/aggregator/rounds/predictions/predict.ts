import { fromHex, HexHash, type PredictionRequest, parserOf } from "@plenary/protocol";
import Type from "typebox";
import type { FederationRow } from "../../store/federations.ts";
import type { Context } from "../context.ts";
import { findPredictedModel, keyOf } from "./predicted-model.ts";
import type { PredictionFormat, PredictionPool } from "./prediction-pool.ts";

/**
 * Predicts in a thread, from blobs that are read here. Resolves with the answer's bytes. Nothing of
 * the request is kept. Throws `not-found`, `invalid-input`, `answers-invalid`,
 * `configuration-mismatch` for a federation without a usable questionnaire, and
 * `service-unavailable` while too many wait.
 */
export async function predictFor(
  context: Context,
  pool: PredictionPool,
  federation: FederationRow,
  request: PredictionRequest,
  format: PredictionFormat,
): Promise<Uint8Array> {
  const found = await findPredictedModel(context, federation, request.round ?? "chosen");
  const { configuration, root, round, why } = found;
  const { blobs } = context;
  const read = (hash: string) => blobs.read(fromHex(hash, 32));
  const questionnaire = await read(configuration.questionnaire);
  const { heldOut } = configuration;
  return pool.run({
    key: keyOf(found),
    configuration,
    questionnaire,
    embeddings: await read(embeddingsOf(questionnaire)),
    model: await blobs.read(found.blob),
    heldOut: heldOut === null ? null : await read(heldOut),
    round: round.toString(),
    why,
    root,
    request,
    format,
  });
}

const parseEmbeddings = parserOf(
  Type.Object({ embeddings: Type.Object({ blob: HexHash }) }),
  "Questionnaire",
  "configuration-mismatch",
);

/**
 * The blob that a questionnaire names. A federation that is neither scored nor evaluated may have
 * anything in the questionnaire's place.
 */
function embeddingsOf(questionnaire: Uint8Array): string {
  return parseEmbeddings(JSON.parse(new TextDecoder().decode(questionnaire))).embeddings.blob;
}
