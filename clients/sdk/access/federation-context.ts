import {
  decodeEmbeddings,
  type Embeddings,
  type FederationConfiguration,
  fromHex,
  PlenaryError,
  parseQuestionnaire,
  type Questionnaire,
} from "@plenary/protocol";
import type { ServiceClient } from "@plenary/service";
import { createPredictor, type Predictor } from "@plenary/training";
import type { Remedy } from "../remedy.ts";
import {
  type FederationAccess,
  type OpenFederationOptions,
  openAccess,
} from "./federation-access.ts";

/** Adds what the configuration names. Every operation except joining and claiming works on it. */
export interface FederationContext extends FederationAccess {
  readonly questionnaire: Questionnaire;
  readonly embeddings: Embeddings;
  readonly predictor: Predictor;
}

/**
 * Opens a federation as `openAccess` does, then reads the questionnaire and the embeddings that its
 * configuration names. Also throws `verification-failed`; for a private federation, `invalid-input`
 * without a keypair and `not-found` with one that may not read it.
 */
export async function openContext(options: OpenFederationOptions): Promise<FederationContext> {
  const { signal, keypair } = options;
  const access = await openAccess(options);
  const { client, configuration } = access;
  if (configuration.visibility === "private" && keypair === undefined)
    throw new PlenaryError(
      "invalid-input",
      "This federation is private: give the keypair of a member or of its authority, because its readers sign.",
      {
        field: "keypair",
        federation: access.address.toBase58(),
        remedy: "give-keypair" satisfies Remedy,
      },
    );
  const questionnaire = await readQuestionnaire(client, configuration, signal);
  const embeddings = decodeEmbeddings(
    await client.download(fromHex(questionnaire.embeddings.blob, 32), { signal }),
  );
  const predictor = createPredictor(configuration.predictor, questionnaire, embeddings);
  return { ...access, questionnaire, embeddings, predictor };
}

async function readQuestionnaire(
  client: ServiceClient,
  configuration: FederationConfiguration,
  signal: AbortSignal | undefined,
): Promise<Questionnaire> {
  const bytes = await client.download(fromHex(configuration.questionnaire, 32), { signal });
  return parseQuestionnaire(JSON.parse(new TextDecoder().decode(bytes)));
}
