import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type AnswerSet,
  decodeEmbeddings,
  type Embeddings,
  type GroupAnswers,
  PlenaryError,
  parseAnswers,
  parseQuestionnaire,
  parserOf,
  type Questionnaire,
  sha256,
  toHex,
} from "@plenary/protocol";
import Type, { type Static } from "typebox";
import { readBytes } from "../files/index.ts";

/** Data sets that ship with the SDK; the first is the default. */
export const DATASETS = ["us-opinion", "gss", "sapa-spi"] as const;
const DATA_FOLDER = fileURLToPath(new URL("./data", import.meta.url));
const EMBEDDING_MODEL = "sentence-transformers/all-MiniLM-L6-v2";

const parseSource = parserOf(
  Type.Object({
    name: Type.String({ minLength: 1 }),
    title: Type.String(),
    source: Type.String(),
    citation: Type.String(),
    licence: Type.String(),
    questions: Type.Array(
      Type.Object({ id: Type.String(), text: Type.String(), options: Type.Array(Type.String()) }),
    ),
    groups: Type.Array(Type.Object({ id: Type.String(), label: Type.String() })),
    /** [question index, group index, respondents, count per option] */
    distributions: Type.Array(
      Type.Tuple([
        Type.Integer({ minimum: 0 }),
        Type.Integer({ minimum: 0 }),
        Type.Integer({ minimum: 0 }),
        Type.Array(Type.Integer({ minimum: 0 })),
      ]),
    ),
  }),
  "Data set",
);
type Source = ReturnType<typeof parseSource>;

const GroupSplitSchema = Type.Object({
  training: Type.Array(Type.String()),
  unseen: Type.Array(Type.String()),
});
const parseSplits = parserOf(
  Type.Record(
    Type.String(),
    Type.Object({
      groups: Type.Record(Type.String(), GroupSplitSchema),
      heldOutFamilies: Type.Array(Type.String()),
    }),
  ),
  "Splits",
);
const parseFamilies = parserOf(
  Type.Record(Type.String(), Type.Record(Type.String(), Type.Array(Type.String()))),
  "Families",
);

/** The groups that train, and the groups that no member holds. */
export type GroupSplit = Static<typeof GroupSplitSchema>;

/**
 * A survey: its public questionnaire with embeddings, the answers of all groups, and how the groups
 * are split for training.
 */
export interface Dataset {
  readonly name: string;
  readonly questionnaire: Questionnaire;
  /** The blob that the questionnaire names, in the form `SVE1`. */
  readonly embeddingBytes: Uint8Array;
  readonly embeddings: Embeddings;
  readonly answers: AnswerSet;
  /** Families of questions that no member trains on when questions are held out. */
  readonly heldOutFamilies: readonly string[];
  /**
   * Groups that train (two thirds of those with at least 20 answers) and groups that stay unseen.
   * Splits 0 to 31 are committed; any other number orders the groups by a hash of number and id.
   */
  split(number: number): GroupSplit;
  /**
   * Answers of the given groups, in that order, without the questions of `withoutFamilies`. Throws
   * `invalid-input` on an unknown group.
   */
  answersOf(groups: readonly string[], withoutFamilies?: readonly string[]): AnswerSet;
}

/**
 * Loads a data set that ships, by name, or one of your own by path: `<path>.json` beside
 * `<path>.emb.i8`, with or without the ending. Throws `file-unreadable`, or `invalid-input` naming
 * file and field.
 */
export async function loadDataset(nameOrPath: string): Promise<Dataset> {
  const ships = (DATASETS as readonly string[]).includes(nameOrPath);
  const stem = ships
    ? join(DATA_FOLDER, nameOrPath)
    : resolve(nameOrPath.replace(/(\.json|\.emb\.i8)$/, ""));
  const source = await readSource(stem, ships);
  const [embeddingBytes, families, splits] = await Promise.all([
    readBytes(`${stem}.emb.i8`, "the embeddings of this data set"),
    readShipped("families.json", parseFamilies),
    readShipped("splits.json", parseSplits),
  ]);
  const embeddings = decodeEmbeddings(embeddingBytes);
  const questionnaire = questionnaireOf(source, familyRule(families[source.name] ?? {}), {
    model: EMBEDDING_MODEL,
    dimension: embeddings.dimension,
    blob: toHex(sha256(embeddingBytes)),
  });
  const rows = questionnaire.questions.reduce((sum, { options }) => sum + options.length, 0);
  if (embeddings.count !== rows)
    throw new PlenaryError(
      "invalid-input",
      `${basename(stem)}.emb.i8 has ${embeddings.count} rows for ${rows} options: it belongs to another data set.`,
      { rows: embeddings.count, options: rows },
    );
  const answers = answersOfSource(source, questionnaire);
  return {
    name: source.name,
    questionnaire,
    embeddingBytes,
    embeddings,
    answers,
    heldOutFamilies: splits[source.name]?.heldOutFamilies ?? [],
    split: (number) => splits[source.name]?.groups[String(number)] ?? splitByHash(answers, number),
    answersOf: (groups, withoutFamilies = []) =>
      selectAnswers(answers, questionnaire, groups, withoutFamilies),
  };
}

/**
 * Deals groups out to clients as evenly as possible, in order: client i gets the groups i, i +
 * clients, ... Throws `invalid-input` if there are more clients than groups, because a client
 * without a group has nothing to train on.
 */
export function dealGroups(groups: readonly string[], clients: number): string[][] {
  if (!Number.isInteger(clients) || clients < 1 || clients > groups.length)
    throw new PlenaryError(
      "invalid-input",
      `${clients} organisations cannot share ${groups.length} training groups: choose 1 to ${groups.length}, because each one needs a group.`,
      { clients, groups: groups.length },
    );
  return Array.from({ length: clients }, (_, client) =>
    groups.filter((_, i) => i % clients === client),
  );
}

const MINIMUM_ANSWERS = 20;

function splitByHash(answers: AnswerSet, number: number): GroupSplit {
  const key = (id: string) =>
    toHex(sha256(new TextEncoder().encode(`plenary/split/1\n${number}\n${id}`)));
  const ids = answers.groups
    .filter((group) => group.answers.length >= MINIMUM_ANSWERS)
    .map(({ id }) => id)
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const training = Math.round((ids.length * 2) / 3);
  return { training: ids.slice(0, training), unseen: ids.slice(training) };
}

function selectAnswers(
  answers: AnswerSet,
  questionnaire: Questionnaire,
  groups: readonly string[],
  withoutFamilies: readonly string[],
): AnswerSet {
  const left = new Set(
    questionnaire.questions
      .filter(({ family }) => !withoutFamilies.includes(family))
      .map(({ id }) => id),
  );
  return {
    version: 1,
    groups: groups.map((id) => {
      const group = answers.groups.find((candidate) => candidate.id === id);
      if (group === undefined)
        throw new PlenaryError("invalid-input", `The data set has no group ${id}.`, { group: id });
      return { ...group, answers: group.answers.filter(({ question }) => left.has(question)) };
    }),
  };
}

/**
 * The named family if there is one; else the variable of an id like `gss1972_sex`, which the same
 * question has in every survey and year; else the id.
 */
function familyRule(
  named: Readonly<Record<string, readonly string[]>>,
): (question: string) => string {
  const families = new Map(
    Object.entries(named).flatMap(([family, questions]) =>
      questions.map((question) => [question, family]),
    ),
  );
  return (question) =>
    families.get(question) ?? /^[a-z]+(?:\d{2}|\d{4})_(.+)$/.exec(question)?.[1] ?? question;
}

function questionnaireOf(
  source: Source,
  family: (question: string) => string,
  embeddings: Questionnaire["embeddings"],
): Questionnaire {
  const { name, title, citation, licence } = source;
  const questions = source.questions.map(({ id, text, options }) => ({
    id,
    text,
    options,
    family: family(id),
  }));
  return parseQuestionnaire({
    version: 1,
    name,
    title,
    source: source.source,
    citation,
    licence,
    questions,
    embeddings,
  });
}

function answersOfSource(source: Source, questionnaire: Questionnaire): AnswerSet {
  const groups: GroupAnswers[] = source.groups.map(({ id, label }) => ({ id, label, answers: [] }));
  source.distributions.forEach(([question, group, , counts], row) => {
    const id = source.questions[question]?.id;
    const answers = groups[group]?.answers;
    if (id === undefined || answers === undefined)
      throw new PlenaryError(
        "invalid-input",
        `Data set: distributions.${row} names question ${question} and group ${group}, one of which does not exist.`,
        { field: `distributions.${row}` },
      );
    answers.push({ question: id, counts });
  });
  return parseAnswers(
    { version: 1, groups: groups.filter(({ answers }) => answers.length > 0) },
    questionnaire,
  );
}

async function readSource(stem: string, ships: boolean): Promise<Source> {
  const hint = ships
    ? "reinstall the SDK"
    : `give the path of a data set, or one of the names ${DATASETS.join(", ")}`;
  const bytes = await readBytes(`${stem}.json`, `the data set ${basename(stem)} (${hint})`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `${stem}.json is not valid JSON.`,
      { path: `${stem}.json` },
      { cause },
    );
  }
  return parseSource(value);
}

async function readShipped<T>(file: string, parse: (value: unknown) => T): Promise<T> {
  return parse(JSON.parse(await readFile(join(DATA_FOLDER, file), "utf8")));
}
