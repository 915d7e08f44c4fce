import {
  checkExtension,
  checkQuestionnaireVersion,
  decodeEmbeddings,
  type EmbeddedQuestionnaire,
  type Embeddings,
  fromHex,
  PlenaryError,
  parseQuestionnaire,
  type Questionnaire,
  type QuestionnaireVersion,
  type SignedQuestionnaireVersion,
  toHex,
} from "@plenary/protocol";
import { createPredictor, type Predictor } from "@plenary/training";
import { requireFederation } from "../chain-state/index.ts";
import type { FederationAccess } from "./federation-access.ts";

/** A questionnaire version with everything that is made from it. */
export interface FederationQuestions {
  /** 1 for the configuration's. */
  readonly questionnaireVersion: number;
  /** The blob's hash. */
  readonly questionnaireHash: Uint8Array;
  readonly questionnaire: Questionnaire;
  readonly embeddings: Embeddings;
  readonly predictor: Predictor;
}

type Access = Pick<
  FederationAccess,
  "client" | "connection" | "program" | "address" | "genesisHash" | "configuration"
>;

/**
 * Reads the questionnaire of a version, or the configuration's. A version must be signed by the
 * federation's authority on chain and only add to the configuration's questionnaire. Throws
 * `verification-failed`.
 */
export async function readQuestions(
  access: Access,
  signed: SignedQuestionnaireVersion | undefined,
  signal: AbortSignal | undefined,
): Promise<FederationQuestions> {
  const firstHash = fromHex(access.configuration.questionnaire, 32);
  const first = await embeddedAt(access, firstHash, signal);
  if (signed === undefined) return questionsOf(access, first, 1, firstHash);
  const { number, questionnaire } = await checkedVersion(access, signed);
  const added = await embeddedAt(access, questionnaire, signal);
  checkExtension(first, added);
  return questionsOf(access, added, number, questionnaire);
}

/**
 * The questions of a round, which are mostly those that the federation was opened with. Throws as
 * `readQuestions`.
 */
export async function questionsOfRound(
  context: Access & FederationQuestions,
  signed: SignedQuestionnaireVersion | undefined,
  signal: AbortSignal | undefined,
): Promise<FederationQuestions> {
  const number = signed === undefined ? 1 : (await checkedVersion(context, signed)).number;
  return number === context.questionnaireVersion ? context : readQuestions(context, signed, signal);
}

/** The version, if the authority on chain signed it. Throws `verification-failed`. */
async function checkedVersion(
  access: Pick<Access, "connection" | "program" | "address" | "genesisHash">,
  signed: SignedQuestionnaireVersion,
): Promise<QuestionnaireVersion> {
  const version = checkQuestionnaireVersion(signed, {
    genesisHash: access.genesisHash,
    programId: access.program.toBytes(),
    federation: access.address.toBytes(),
  });
  const { authority } = await requireFederation(access);
  if (authority.toBase58() === signed.authority) return version;
  throw new PlenaryError(
    "verification-failed",
    `Version ${version.number} of the questionnaire is signed by ${signed.authority}, not by the federation's authority, ${authority.toBase58()}: after a change of the authority, the new one must sign it (plenary questions sign).`,
    { signed: signed.authority, authority: authority.toBase58() },
  );
}

async function embeddedAt(
  { client }: Access,
  hash: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<EmbeddedQuestionnaire> {
  const bytes = await client.download(hash, { signal });
  const questionnaire = parseQuestionnaire(readJson(bytes, hash));
  const embeddings = decodeEmbeddings(
    await client.download(fromHex(questionnaire.embeddings.blob, 32), { signal }),
  );
  return { questionnaire, embeddings };
}

function questionsOf(
  { configuration }: Access,
  { questionnaire, embeddings }: EmbeddedQuestionnaire,
  questionnaireVersion: number,
  questionnaireHash: Uint8Array,
): FederationQuestions {
  const predictor = createPredictor(configuration.predictor, questionnaire, embeddings);
  return { questionnaireVersion, questionnaireHash, questionnaire, embeddings, predictor };
}

function readJson(bytes: Uint8Array, hash: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PlenaryError(
      "verification-failed",
      `The questionnaire ${toHex(hash)} is not JSON.`,
      { hash: toHex(hash) },
      { cause },
    );
  }
}
