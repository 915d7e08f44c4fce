import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type AnswerSet,
  checkGroupNames,
  checkQuestionnaireNames,
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
import Type from "typebox";
import { readBytes } from "../files/index.ts";
import { type DatasetSource, readDatasetSource } from "./dataset-source.ts";
import { type GroupSplit, GroupSplitSchema, splitByHash, splitByName } from "./group-split.ts";

/** Data sets that ship with the SDK; the first is the default. */
export const DATASETS = ["us-opinion", "gss", "sapa-spi"] as const;
const DATA_FOLDER = fileURLToPath(new URL("./data", import.meta.url));
const EMBEDDING_MODEL = "sentence-transformers/all-MiniLM-L6-v2";

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
   * Groups that train and groups that stay unseen. A set that names its unseen groups has one split
   * whatever the number. Of the surveys that ship, splits 0 to 31 are committed; any other number
   * orders the groups with enough answers by a hash of number and id, and two thirds of them train.
   * Throws `invalid-input` if too few groups have enough answers.
   */
  split(number: number): GroupSplit;
  /**
   * The split whose unseen groups are named; all others with two answers or more train. Throws
   * `invalid-input` naming a group that cannot stay unseen.
   */
  splitOff(unseen: readonly string[]): GroupSplit;
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
  const source = await readDatasetSource(
    stem,
    ships
      ? "reinstall the SDK"
      : `give the path of a data set, or one of the names ${DATASETS.join(", ")}`,
  );
  const [embeddingBytes, families, splits] = await Promise.all([
    readBytes(`${stem}.emb.i8`, "the embeddings of this data set"),
    readShipped("families.json", parseFamilies),
    readShipped("splits.json", parseSplits),
  ]);
  const embeddings = decodeEmbeddings(embeddingBytes);
  const questionnaire = questionnaireOf(source, familyRule(families[source.name] ?? {}), {
    model: source.embeddingModel ?? EMBEDDING_MODEL,
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
  const { unseen } = source;
  const named = unseen && splitByName(answers, unseen);
  const committed = commits(splits[source.name]?.groups, answers);
  return {
    name: source.name,
    questionnaire,
    embeddingBytes,
    embeddings,
    answers,
    heldOutFamilies: splits[source.name]?.heldOutFamilies ?? [],
    split: (number) => named ?? committed?.[String(number)] ?? splitByHash(answers, number),
    splitOff: (groups) => splitByName(answers, groups),
    answersOf: (groups, withoutFamilies = []) =>
      selectAnswers(answers, questionnaire, groups, withoutFamilies),
  };
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
  source: DatasetSource,
  family: (question: string) => string,
  embeddings: Questionnaire["embeddings"],
): Questionnaire {
  const { name, title, citation, licence } = source;
  const questions = source.questions.map(({ id, text, options, family: own }) => ({
    id,
    text,
    options,
    family: own ?? family(id),
  }));
  const questionnaire = parseQuestionnaire({
    version: 1,
    name,
    title,
    source: source.source,
    citation,
    licence,
    questions,
    embeddings,
  });
  checkQuestionnaireNames(questionnaire);
  return questionnaire;
}

function answersOfSource(source: DatasetSource, questionnaire: Questionnaire): AnswerSet {
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
  const set = parseAnswers(
    { version: 1, groups: groups.filter(({ answers }) => answers.length > 0) },
    questionnaire,
  );
  checkGroupNames(set);
  return set;
}

type CommittedSplits = Readonly<Record<string, GroupSplit>>;

/** The committed splits of a survey, unless this is another one that has its name. */
function commits(splits: CommittedSplits | undefined, { groups }: AnswerSet) {
  const ids = new Set(groups.map(({ id }) => id));
  const all = Object.values(splits ?? {});
  const fits = all.every(({ training, unseen }) =>
    [...training, ...unseen].every((id) => ids.has(id)),
  );
  return fits ? splits : undefined;
}

async function readShipped<T>(file: string, parse: (value: unknown) => T): Promise<T> {
  return parse(JSON.parse(await readFile(join(DATA_FOLDER, file), "utf8")));
}
