import {
  checkExtension,
  checkQuestionnaireVersion,
  decodeEmbeddings,
  type EmbeddedQuestionnaire,
  equalBytes,
  fromBase58,
  fromBase64,
  fromHex,
  PlenaryError,
  parseQuestionnaire,
  type QuestionnaireVersion,
  type SignedQuestionnaireVersion,
  toHex,
} from "@plenary/protocol";
import { growthProblem } from "@plenary/training";
import type { FederationRow } from "../../store/federations.ts";
import { requireAuthority } from "../access/authority.ts";
import { type Context, inTransaction } from "../context.ts";
import type { Evaluator } from "../lifecycle/evaluator.ts";
import { findFederation } from "../lookup.ts";
import { withQuestionnaire } from "./questionnaire.ts";
import { requireBlob } from "./register.ts";

/**
 * Takes a questionnaire version that the federation's authority has signed; rounds that open from
 * then on are trained on it. Handing it in again changes nothing. Throws `not-authority`,
 * `verification-failed`, `not-found` for a missing blob, `configuration-mismatch` for a version
 * that does not follow the newest one, and `invalid-input` for one that does more than add.
 */
export async function extendQuestionnaire(
  context: Context,
  evaluator: Evaluator,
  requester: Uint8Array,
  address: string,
  signed: SignedQuestionnaireVersion,
): Promise<FederationRow> {
  const federation = await findFederation(context, address);
  await requireAuthority(context, federation, requester);
  await requireAuthority(context, federation, fromBase58(signed.authority));
  const version = checkQuestionnaireVersion(signed, {
    genesisHash: federation.genesis_hash,
    programId: federation.program_id,
    federation: federation.address,
  });
  const number = BigInt(version.number);
  const known = await context.store.questionnaires.find(federation.address, number);
  if (known !== undefined && equalBytes(known.message, fromBase64(signed.message))) {
    // After a change of the authority, the new one signs what the old one had.
    const authority = fromBase58(signed.authority);
    const signature = fromBase64(signed.signature);
    await context.store.questionnaires.sign({
      ...{ federation: federation.address, number },
      ...{ signature, authority },
    });
    return federation;
  }
  await checkOrder(context, federation, version);
  await checkContent(context, evaluator, requester, federation, version);
  await inTransaction(context, async (store) => {
    const inserted = await store.questionnaires.insert({
      federation: federation.address,
      number,
      hash: version.questionnaire,
      message: fromBase64(signed.message),
      signature: fromBase64(signed.signature),
      authority: fromBase58(signed.authority),
      received_at: BigInt(context.clock.now()),
    });
    if (!inserted) return;
    const blobs = [version.questionnaire, version.embeddings];
    await store.blobReferences.refer(federation.address, blobs);
    const at = context.clock.now();
    await store.events.append({ federation: federation.address, type: "federation-changed", at });
  });
  return findFederation(context, address);
}

async function checkOrder(
  { store }: Context,
  { address, configuration }: FederationRow,
  { number, previous }: QuestionnaireVersion,
): Promise<void> {
  const newest = await store.questionnaires.newest(address);
  const last = Number(newest?.number ?? 1n);
  const before = newest?.hash ?? fromHex(configuration.questionnaire, 32);
  if (number === last + 1 && equalBytes(previous, before)) return;
  throw new PlenaryError(
    "configuration-mismatch",
    `The newest questionnaire of this federation is version ${last}, ${toHex(before)}: a new one must be version ${last + 1} and follow it. Read the newest and add to that.`,
    { version: last, questionnaire: toHex(before) },
  );
}

async function checkContent(
  context: Context,
  evaluator: Evaluator,
  requester: Uint8Array,
  { configuration }: FederationRow,
  version: QuestionnaireVersion,
): Promise<void> {
  const { questionnaire, embeddings } = version;
  const problem = growthProblem(configuration);
  if (problem !== null)
    throw new PlenaryError(
      "invalid-input",
      `No questions can be added to this federation: ${problem}.`,
      { field: "predictor.reserve" },
    );
  for (const [field, hash] of Object.entries({ questionnaire, embeddings }))
    await requireBlob(context, requester, { field, hash: toHex(hash) });
  const before = await readEmbedded(context, version.previous);
  const after = await readEmbedded(context, questionnaire);
  if (after.questionnaire.embeddings.blob !== toHex(embeddings))
    throw new PlenaryError(
      "invalid-input",
      "The embeddings that were signed are not those that the questionnaire names.",
      { field: "embeddings", expected: after.questionnaire.embeddings.blob },
    );
  checkExtension(before, after);
  await evaluator.check(withQuestionnaire(configuration, { hash: questionnaire }));
}

async function readEmbedded({ blobs }: Context, hash: Uint8Array): Promise<EmbeddedQuestionnaire> {
  const questionnaire = parseQuestionnaire(readJson(await blobs.read(hash), hash));
  const embeddings = decodeEmbeddings(await blobs.read(fromHex(questionnaire.embeddings.blob, 32)));
  return { questionnaire, embeddings };
}

function readJson(bytes: Uint8Array, hash: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const name = toHex(hash);
    throw new PlenaryError("invalid-input", `The blob ${name} is not JSON.`, { name }, { cause });
  }
}
