import {
  appendEmbeddings,
  canonicalJsonBytes,
  checkExtension,
  decodeEmbeddings,
  ENDPOINTS,
  encodeQuestionnaireVersion,
  type FederationView,
  fromBase64,
  fromHex,
  PlenaryError,
  type Questionnaire,
  type QuestionnaireVersion,
  type SignedQuestionnaireVersion,
  sha256,
  signMessage,
  toBase64,
  toHex,
} from "@plenary/protocol";
import {
  createPredictor,
  growthProblem,
  openEngine,
  openTextEmbedder,
  pinnedHashes,
} from "@plenary/training";
import type { Keypair } from "@solana/web3.js";
import {
  type FederationContext,
  readFederationView,
  readQuestions,
  readRoundView,
  signerFor,
} from "../access/index.ts";
import { requireFederation } from "../chain-state/index.ts";
import { requireAuthority } from "../governance/index.ts";
import { addedQuestion, type QuestionToAdd } from "./new-questions.ts";

/** Turns the options of questions into rows of the embeddings, in order: [options, dimension]. */
export type EmbedOptions = (
  questions: readonly Pick<QuestionToAdd, "text" | "options">[],
) => Promise<Float32Array>;

export interface AddQuestions {
  /** The federation's authority. It signs the new version. */
  readonly authority: Keypair;
  readonly questions: readonly QuestionToAdd[];
  /** Folder of the text embedder that the questionnaire's embeddings come from, or a function. */
  readonly embedder: string | EmbedOptions;
  /** Members that take part; by default those that the last committed round counted. */
  readonly members?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface QuestionsAdded {
  /** The new version. */
  readonly version: number;
  /** The blob's hash. */
  readonly questionnaire: Uint8Array;
  readonly questions: Questionnaire["questions"];
  /** The first round that can be trained on it. */
  readonly fromRound: bigint;
}

/**
 * Adds questions to a federation: makes and checks the next version of its questionnaire, uploads
 * it, and hands it in with the authority's signature. Rounds that open from then on are trained on
 * it. Nothing is sent to the chain and nothing is paid: each round's manifest commits to the
 * version. Throws `not-authority`, and `invalid-input` saying which question does not fit.
 */
export async function addQuestions(
  context: FederationContext,
  request: AddQuestions,
): Promise<QuestionsAdded> {
  const { authority, signal } = request;
  const { client, address } = context;
  requireAuthority(await requireFederation(context), authority.publicKey);
  const problem = growthProblem(context.configuration);
  if (problem !== null)
    throw new PlenaryError(
      "invalid-input",
      `No questions can be added to this federation: ${problem}. That is decided when a federation is founded.`,
      { field: "predictor.reserve" },
    );
  const view = await readFederationView(context, signal);
  const before = await readQuestions(context, view.questionnaire, signal);
  const members = request.members ?? (await countedMembers(context, view, signal));
  const made = await extended(context, before, request, members);
  const signer = await signerFor(authority, await signingContext(context));
  for (const blob of [made.embeddingBytes, made.questionnaireBytes])
    await client.call(ENDPOINTS.blobWrite, {
      params: { hash: toHex(sha256(blob)) },
      body: blob,
      signer,
      signal,
    });
  const version: QuestionnaireVersion = {
    genesisHash: context.genesisHash,
    programId: context.program.toBytes(),
    federation: address.toBytes(),
    number: before.questionnaireVersion + 1,
    previous: before.questionnaireHash,
    questionnaire: sha256(made.questionnaireBytes),
    embeddings: sha256(made.embeddingBytes),
  };
  await handIn(context, signedBy(authority, version), authority, signal);
  const { questionnaire, number } = version;
  const questions = made.questionnaire.questions.slice(before.questionnaire.questions.length);
  return { version: number, questionnaire, questions, fromRound: await nextRound(context, signal) };
}

/**
 * Signs the newest version again, after the authority has changed: members accept the present
 * authority's signature only. Throws `not-found` if nothing was added yet, and `not-authority`.
 */
export async function signQuestions(
  context: FederationContext,
  authority: Keypair,
  signal?: AbortSignal,
): Promise<FederationView> {
  requireAuthority(await requireFederation(context), authority.publicKey);
  const { questionnaire } = await readFederationView(context, signal);
  if (questionnaire === undefined)
    throw new PlenaryError("not-found", "No questions were added: there is nothing to sign.");
  const message = fromBase64(questionnaire.message);
  return handIn(context, signatureOf(authority, message), authority, signal);
}

function signedBy(authority: Keypair, version: QuestionnaireVersion): SignedQuestionnaireVersion {
  return signatureOf(authority, encodeQuestionnaireVersion(version));
}

function signatureOf(authority: Keypair, message: Uint8Array): SignedQuestionnaireVersion {
  return {
    message: toBase64(message),
    signature: toBase64(signMessage(message, authority.secretKey)),
    authority: authority.publicKey.toBase58(),
  };
}

async function handIn(
  context: FederationContext,
  body: SignedQuestionnaireVersion,
  authority: Keypair,
  signal: AbortSignal | undefined,
): Promise<FederationView> {
  const signer = await signerFor(authority, await signingContext(context));
  const params = { federation: context.address.toBase58() };
  return context.client.call(ENDPOINTS.questionnaireExtend, { params, body, signer, signal });
}

async function signingContext({ connection, program, address }: FederationContext) {
  const { aggregator } = await requireFederation({ connection, address });
  return { connection, program, aggregator };
}

/** Members that the last committed round counted; before the first, those that have joined. */
async function countedMembers(
  context: FederationContext,
  view: FederationView,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { lastCommittedRound } = await requireFederation(context);
  if (lastCommittedRound === 0n) return Math.max(view.members, 1);
  const round = await readRoundView(context, lastCommittedRound.toString(), signal);
  return Math.max(round?.counted ?? view.members, 1);
}

async function nextRound(
  context: FederationContext,
  signal: AbortSignal | undefined,
): Promise<bigint> {
  const newest = await readRoundView(context, "current", signal);
  return newest === null ? 1n : BigInt(newest.number) + 1n;
}

interface Extended {
  readonly questionnaire: Questionnaire;
  readonly questionnaireBytes: Uint8Array;
  readonly embeddingBytes: Uint8Array;
}

/** The next version, checked as the service and the members will check it. */
async function extended(
  { client, configuration }: FederationContext,
  before: Awaited<ReturnType<typeof readQuestions>>,
  { questions, embedder, signal }: AddQuestions,
  members: number,
): Promise<Extended> {
  const old = await client.download(fromHex(before.questionnaire.embeddings.blob, 32), { signal });
  const { model } = before.questionnaire.embeddings;
  const embed = typeof embedder === "string" ? embedderIn(embedder, model) : embedder;
  const embeddingBytes = appendEmbeddings(old, await embed(questions));
  const questionnaire: Questionnaire = {
    ...before.questionnaire,
    questions: [
      ...before.questionnaire.questions,
      ...questions.map((question) => addedQuestion(question, members)),
    ],
    embeddings: { ...before.questionnaire.embeddings, blob: toHex(sha256(embeddingBytes)) },
  };
  const embeddings = decodeEmbeddings(embeddingBytes);
  checkExtension(before, { questionnaire, embeddings });
  createPredictor(configuration.predictor, questionnaire, embeddings);
  return { questionnaire, questionnaireBytes: canonicalJsonBytes(questionnaire), embeddingBytes };
}

/** The embedder in a folder, which must be the one that the questionnaire pins. */
function embedderIn(folder: string, model: string): EmbedOptions {
  return async (questions) => {
    const engine = await openEngine("native");
    try {
      const embedder = await openTextEmbedder({ folder, engine, hashes: pinnedHashes(model) });
      const embedded = await embedder.embedQuestions(questions);
      return Float32Array.from(embedded.flatMap(({ embeddings }) => [...embeddings]));
    } finally {
      await engine.close();
    }
  };
}
