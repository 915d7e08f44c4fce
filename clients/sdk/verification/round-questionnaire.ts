import type { Finding } from "@plenary/algorithms";
import { readFederation } from "@plenary/chain";
import {
  checkExtension,
  checkQuestionnaireVersion,
  decodeEmbeddings,
  type EmbeddedQuestionnaire,
  equalBytes,
  type FederationConfiguration,
  fromHex,
  PlenaryError,
  parseQuestionnaire,
  type QuestionnaireVersion,
  type RoundManifest,
  toHex,
} from "@plenary/protocol";
import { published, Refuted } from "./refuted.ts";
import type { Verifier } from "./verifier.ts";

export interface QuestionnaireInput {
  readonly manifest: RoundManifest;
  /** The manifest of the round before; null before the first. */
  readonly earlier: RoundManifest | null;
  readonly configuration: FederationConfiguration;
}

/**
 * Checks the questionnaire version that a manifest names: an authority signed it, for this
 * federation, and it only adds to the version of the round before. Resolves with whether the key
 * is the authority's on chain; it may have been before a change. Throws Refuted.
 */
export async function checkRoundQuestionnaire(
  verifier: Verifier,
  { manifest, earlier, configuration }: QuestionnaireInput,
  signal?: AbortSignal,
): Promise<{ readonly isKeyUnchecked: boolean }> {
  const before = earlier === null ? undefined : versionOf(verifier, earlier);
  const version = versionOf(verifier, manifest);
  if (version === undefined) {
    if (before !== undefined)
      throw refuted(`the round goes back from version ${before.number} of the questionnaire`);
    return { isKeyUnchecked: false };
  }
  const first = fromHex(configuration.questionnaire, 32);
  if (before === undefined || !equalBytes(before.questionnaire, version.questionnaire)) {
    if (before !== undefined && before.number >= version.number)
      throw refuted(
        `the round goes back from version ${before.number} of the questionnaire to version ${version.number}`,
      );
    await checkContent(verifier, before?.questionnaire ?? first, version, signal);
  }
  const onChain = await readFederation(verifier.connection, verifier.address);
  const authority = onChain?.authority.toBase58();
  return { isKeyUnchecked: authority !== manifest.questionnaire?.authority };
}

/** The questionnaire of a round, by its hash in hexadecimal. */
export function questionnaireOfRound(
  verifier: Verifier,
  { questionnaire }: Pick<RoundManifest, "questionnaire">,
  configuration: FederationConfiguration,
): string {
  if (questionnaire === undefined) return configuration.questionnaire;
  return toHex(checkQuestionnaireVersion(questionnaire, subjectOf(verifier)).questionnaire);
}

function subjectOf({ genesisHash, program, address }: Verifier) {
  return { genesisHash, programId: program.toBytes(), federation: address.toBytes() };
}

function versionOf(
  verifier: Verifier,
  { questionnaire }: RoundManifest,
): QuestionnaireVersion | undefined {
  if (questionnaire === undefined) return undefined;
  return checked(() => checkQuestionnaireVersion(questionnaire, subjectOf(verifier)));
}

async function checkContent(
  verifier: Verifier,
  before: Uint8Array,
  version: QuestionnaireVersion,
  signal: AbortSignal | undefined,
): Promise<void> {
  const first = await readEmbedded(verifier, before, signal);
  const added = await readEmbedded(verifier, version.questionnaire, signal);
  checked(() => checkExtension(first, added));
}

async function readEmbedded(
  { blobs }: Verifier,
  hash: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<EmbeddedQuestionnaire> {
  const named = `the questionnaire ${toHex(hash)}`;
  const bytes = await published(blobs, hash, finding(`${named} is missing (withheld)`), signal);
  const questionnaire = checked(() =>
    parseQuestionnaire(JSON.parse(new TextDecoder().decode(bytes))),
  );
  const table = await published(
    blobs,
    fromHex(questionnaire.embeddings.blob, 32),
    finding(`the embeddings of ${named} are missing (withheld)`),
    signal,
  );
  return { questionnaire, embeddings: checked(() => decodeEmbeddings(table)) };
}

function checked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PlenaryError || error instanceof SyntaxError)
      throw refuted(`the round's questionnaire is not valid: ${error.message}`);
    throw error;
  }
}

function finding(text: string): Finding {
  return { kind: "not-provable", why: "No dispute is about questionnaires.", text };
}

function refuted(text: string): Refuted {
  return new Refuted(finding(text));
}
