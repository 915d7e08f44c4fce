import Type, { type Static } from "typebox";
import { fromBase58, fromBase64, toHex } from "./bytes.ts";
import { canonicalJson, canonicalJsonBytes } from "./canonical-json.ts";
import type { Embeddings } from "./embeddings.ts";
import { PlenaryError } from "./errors.ts";
import { sha256 } from "./hash.ts";
import { layout, type RecordOf } from "./layout.ts";
import { optionOffsets, type Question, type Questionnaire } from "./questionnaire.ts";
import { checkQuestionnaireNames } from "./questionnaire-names.ts";
import { Base58Address, Base64, parserOf } from "./schema.ts";
import { verifySignature } from "./signature.ts";
import { canonicalText, quotedText } from "./text-identity.ts";

const VERSION_FIELDS = {
  genesisHash: "bytes32",
  programId: "bytes32",
  federation: "bytes32",
  number: "u32",
  previous: "bytes32",
  questionnaire: "bytes32",
  embeddings: "bytes32",
} as const;
const VERSION = layout(
  "questionnaire version",
  new TextEncoder().encode("plenary/questionnaire/1"),
  VERSION_FIELDS,
);

/**
 * What a federation's authority signs to add questions. `number` is 2 for the first addition: the
 * questionnaire of the configuration is version 1. `previous` and `questionnaire` are the blobs
 * before and after, `embeddings` is the blob that the latter names.
 */
export type QuestionnaireVersion = RecordOf<typeof VERSION_FIELDS>;

/** The bytes that the authority signs. Throws `invalid-input` naming a field out of range. */
export function encodeQuestionnaireVersion(version: QuestionnaireVersion): Uint8Array {
  return VERSION.encode(version);
}

/** Throws `malformed-envelope` naming what is wrong. */
export function decodeQuestionnaireVersion(bytes: Uint8Array): QuestionnaireVersion {
  return VERSION.decode(bytes);
}

/** A questionnaire version with its signature, as the service, rounds and manifests carry it. */
export const SignedQuestionnaireVersion = Type.Object(
  {
    message: Base64,
    signature: Base64,
    /** The key that signed it. */
    authority: Base58Address,
  },
  { additionalProperties: false },
);
export type SignedQuestionnaireVersion = Static<typeof SignedQuestionnaireVersion>;

/** The federation that a version must be for. */
export interface VersionSubject {
  readonly genesisHash: Uint8Array;
  readonly programId: Uint8Array;
  readonly federation: Uint8Array;
}

/**
 * Checks what can be checked without the chain, which knows the authority, and returns what was
 * signed. Throws `verification-failed` if the signature does not hold or the version is for another
 * federation, and `malformed-envelope` on bytes that hold no version.
 */
export function checkQuestionnaireVersion(
  { message, signature, authority }: SignedQuestionnaireVersion,
  subject: VersionSubject,
): QuestionnaireVersion {
  const bytes = fromBase64(message);
  if (!verifySignature(bytes, fromBase64(signature), fromBase58(authority)))
    throw new PlenaryError(
      "verification-failed",
      `This questionnaire version is not signed by ${authority}.`,
      { authority },
    );
  const version = decodeQuestionnaireVersion(bytes);
  for (const field of ["genesisHash", "programId", "federation"] as const)
    if (toHex(version[field]) !== toHex(subject[field]))
      throw new PlenaryError(
        "verification-failed",
        `This questionnaire version is for another federation: its ${field} differs.`,
        { field },
      );
  if (version.number < 2)
    throw new PlenaryError(
      "verification-failed",
      "A questionnaire version that was added has a number of 2 or more.",
      { number: version.number },
    );
  return version;
}

/** The hash by which a questionnaire is named: that of its canonical JSON. */
export function questionnaireHash(questionnaire: Questionnaire): Uint8Array {
  return sha256(canonicalJsonBytes(questionnaire));
}

/** A questionnaire with the table that it names. */
export interface EmbeddedQuestionnaire {
  readonly questionnaire: Questionnaire;
  readonly embeddings: Embeddings;
}

/**
 * Checks that a questionnaire only adds to an earlier one: the same questions first, with the same
 * embeddings; then new ones, marked as added, whose ids and texts resemble no other's. Throws
 * `invalid-input` naming the question.
 */
export function checkExtension(before: EmbeddedQuestionnaire, after: EmbeddedQuestionnaire): void {
  const { questions } = after.questionnaire;
  const first = before.questionnaire.questions;
  checkHead(before.questionnaire, after.questionnaire);
  first.forEach((question, index) => {
    if (
      questions[index] === undefined ||
      canonicalJson(questions[index]) !== canonicalJson(question)
    )
      throw refused(question, "is changed or left out: a new version only adds questions");
  });
  if (questions.length === first.length)
    throw new PlenaryError("invalid-input", "This questionnaire version adds no question.");
  const added = questions.slice(first.length);
  added.forEach(checkAdded);
  checkLookAlikes(questions, ({ id }) => canonicalText(id).toLowerCase(), "id");
  checkLookAlikes(questions, textAndOptions, "text");
  checkQuestionnaireNames({ questions: added });
  checkTable(before, after);
}

/** Two questions may share a text where their options differ, as in surveys of several years. */
function textAndOptions({ text, options }: Question): string {
  return JSON.stringify([text, ...options].map((part) => canonicalText(part).toLowerCase()));
}

function checkHead(before: Questionnaire, after: Questionnaire): void {
  for (const field of ["version", "name", "title", "source", "citation", "licence"] as const)
    if (before[field] !== after[field])
      throw new PlenaryError(
        "invalid-input",
        `Questionnaire: ${field} is not that of the version before: only questions can be added.`,
        { field },
      );
  for (const field of ["model", "dimension"] as const)
    if (before.embeddings[field] !== after.embeddings[field])
      throw new PlenaryError(
        "invalid-input",
        `Questionnaire: embeddings.${field} is not that of the version before: new questions must be embedded as the first ones were.`,
        { field: `embeddings.${field}` },
      );
}

function checkAdded(question: Question): void {
  const { added } = question;
  if (added === undefined)
    throw refused(question, "has no `added`, which says how many members there were");
  if ((added.pilots ?? 1) > added.members)
    throw refused(question, `has ${added.pilots} pilots, but only ${added.members} members`);
}

function checkLookAlikes(
  questions: readonly Question[],
  formOf: (question: Question) => string,
  what: string,
): void {
  const seen = new Map<string, Question>();
  for (const question of questions) {
    const form = formOf(question);
    const other = seen.get(form);
    // Questions of the first version are what they are.
    if (other !== undefined && question.added !== undefined)
      throw refused(
        question,
        `has the ${what} of question ${quotedText(other.id)}, or one that looks like it`,
      );
    seen.set(form, question);
  }
}

function checkTable(before: EmbeddedQuestionnaire, after: EmbeddedQuestionnaire): void {
  const rows = optionOffsets(after.questionnaire).at(-1)!;
  const { count, dimension } = after.embeddings;
  if (count !== rows || dimension !== after.questionnaire.embeddings.dimension)
    throw new PlenaryError(
      "invalid-input",
      `The questionnaire has ${rows} options of dimension ${after.questionnaire.embeddings.dimension}, its embeddings ${count} of ${dimension}.`,
      { options: rows, rows: count },
    );
  const old = before.embeddings.matrix();
  const now = after.embeddings.matrix();
  const changed = old.findIndex((value, i) => value !== now[i]);
  if (changed >= 0)
    throw new PlenaryError(
      "invalid-input",
      `Row ${Math.floor(changed / dimension)} of the embeddings is not that of the version before: only rows can be added.`,
      { row: Math.floor(changed / dimension) },
    );
}

function refused(question: Pick<Question, "id">, problem: string): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    `Questionnaire: question ${quotedText(question.id)} ${problem}.`,
    { question: question.id },
  );
}

/** Throws `invalid-input` naming the field that is wrong. */
export const parseSignedQuestionnaireVersion = parserOf(
  SignedQuestionnaireVersion,
  "A questionnaire version",
);
