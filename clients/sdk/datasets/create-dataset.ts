import { access } from "node:fs/promises";
import { basename } from "node:path";
import {
  type AnswerSet,
  checkGroupNames,
  countCells,
  encodeEmbeddings,
  type GroupAnswers,
  PlenaryError,
  type Question,
  type Questionnaire,
} from "@plenary/protocol";
import {
  embeddingModelName,
  hashModelFolder,
  MINILM,
  MINILM_HASHES,
  openEngine,
  openTextEmbedder,
} from "@plenary/training";
import {
  DATASETS,
  type Dataset,
  type DatasetSource,
  loadDataset,
  type ReadAnswersOptions,
  readAnswers,
  splitByName,
} from "../answers/index.ts";
import { writeDurably } from "../files/index.ts";
import { readQuestions } from "./question-file.ts";

export interface CreateDataset {
  /** Where the files go: `<output>.json`, `<output>.emb.i8` and `<output>.held-out.jsonl`. */
  readonly output: string;
  /** File of the questions; see `readQuestions`. */
  readonly questions: string;
  /** Answers files: of the groups that no member holds, or with `unseen` also of the members. */
  readonly heldOut: readonly string[];
  /** The groups of these files that are held out; all of them by default. */
  readonly unseen?: readonly string[] | undefined;
  /** Folder of the text embedder. */
  readonly embedder: string;
  /** Name of another BERT encoder than all-MiniLM-L6-v2, which the questionnaire pins by hash. */
  readonly embedderName?: string | undefined;
  /** What the set is called; by default the name of the output. */
  readonly name?: string | undefined;
  readonly title?: string | undefined;
  readonly source?: string | undefined;
  readonly citation?: string | undefined;
  readonly licence?: string | undefined;
  /** Whether files of an earlier creation may be replaced. */
  readonly replace?: boolean;
  readonly reading?: ReadAnswersOptions | undefined;
  /** Threads that embed; 1 by default. */
  readonly threads?: number;
  /** Called with the number of texts that are embedded, and of all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was made. */
export interface CreatedDataset {
  readonly dataset: Dataset;
  readonly files: { readonly set: string; readonly embeddings: string; readonly heldOut: string };
  readonly heldOut: AnswerSet;
  /** How many groups and cells of members the file of the set holds besides. */
  readonly members: { readonly groups: number; readonly cells: number };
}

/**
 * Makes a data set of one's own questions and held-out answers, in the form that `loadDataset`
 * reads: questions and answers, their embeddings, and the held-out answers as an answers file.
 * Everything is checked before anything is embedded or written. Throws `invalid-input`,
 * `answers-invalid` and `file-unreadable` saying where, also if files are there already, and what
 * `openTextEmbedder` throws.
 */
export async function createDataset(input: CreateDataset): Promise<CreatedDataset> {
  const files = await outputFiles(input);
  const questions = await readQuestions(input.questions);
  const source = await sourceOf(input, questions);
  const embeddings = await embed(input, questions);
  await writeDurably(files.embeddings, embeddings, 0o644);
  await writeDurably(files.set, `${JSON.stringify(source)}\n`, modeOf(source));
  const dataset = await loadDataset(files.set);
  const { training, unseen } = dataset.split(0);
  const heldOut = dataset.answersOf(unseen);
  await writeDurably(files.heldOut, answerLines(heldOut), 0o644);
  const members = { groups: training.length, cells: countCells(dataset.answersOf(training)) };
  return { dataset, files, heldOut, members };
}

/** Only its owner reads a file that holds answers of members. */
function modeOf({ groups, unseen = [] }: DatasetSource): number {
  return groups.length > unseen.length ? 0o600 : 0o644;
}

async function outputFiles({ output, replace }: CreateDataset): Promise<CreatedDataset["files"]> {
  const stem = output.replace(/(\.json|\.emb\.i8)$/, "");
  const files = {
    set: `${stem}.json`,
    embeddings: `${stem}.emb.i8`,
    heldOut: `${stem}.held-out.jsonl`,
  };
  if (replace === true) return files;
  for (const path of Object.values(files)) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists)
      throw new PlenaryError(
        "file-unreadable",
        `${path} exists already: choose another name, or allow it to be replaced.`,
        { path },
      );
  }
  return files;
}

/** The JSON file of the set, with everything checked that it is made from. */
async function sourceOf(input: CreateDataset, questions: Question[]): Promise<DatasetSource> {
  const name = nameOf(input);
  const embeddingModel = await modelOf(input);
  const answers = await readAllAnswers(input, { name, questions, embeddingModel });
  const { unseen } = splitByName(answers, input.unseen ?? answers.groups.map(({ id }) => id));
  const positions = new Map(questions.map(({ id }, position) => [id, position]));
  const respondents = ({ counts }: GroupAnswers["answers"][number]) =>
    counts.reduce((sum, count) => sum + count, 0);
  return {
    name,
    title: input.title ?? name,
    source: input.source ?? "",
    citation: input.citation ?? "",
    licence: input.licence ?? "",
    embeddingModel,
    questions,
    groups: answers.groups.map(({ id, label }) => ({ id, label })),
    unseen,
    distributions: answers.groups.flatMap((group, position) =>
      group.answers.map((answer): DatasetSource["distributions"][number] => [
        positions.get(answer.question)!,
        position,
        respondents(answer),
        answer.counts,
      ]),
    ),
  };
}

function nameOf({ name, output }: CreateDataset): string {
  const chosen = name ?? basename(output).replace(/(\.json|\.emb\.i8)$/, "");
  if ((DATASETS as readonly string[]).includes(chosen))
    throw new PlenaryError(
      "invalid-input",
      `The name ${chosen} belongs to a data set that ships: choose another name.`,
      { field: "name" },
    );
  return chosen;
}

async function modelOf({ embedder, embedderName }: CreateDataset): Promise<string> {
  return embedderName === undefined
    ? MINILM
    : embeddingModelName(embedderName, await hashModelFolder(embedder));
}

/** The answers of all files; a group is in one of them. */
async function readAllAnswers(
  { heldOut, reading }: CreateDataset,
  set: { readonly name: string; readonly questions: Question[]; readonly embeddingModel: string },
): Promise<AnswerSet> {
  const questionnaire: Questionnaire = {
    version: 1,
    name: set.name,
    title: set.name,
    source: "",
    citation: "",
    licence: "",
    questions: set.questions,
    embeddings: { model: set.embeddingModel, dimension: 1, blob: "0".repeat(64) },
  };
  const files = new Map<string, string>();
  const groups: GroupAnswers[] = [];
  for (const path of heldOut) {
    for (const group of (await readAnswers(path, questionnaire, reading)).groups) {
      const other = files.get(group.id);
      if (other !== undefined)
        throw new PlenaryError(
          "answers-invalid",
          `Group ${group.id} is in ${other} and in ${path}: put its answers into one file.`,
          { group: group.id, path },
        );
      files.set(group.id, path);
      groups.push(group);
    }
  }
  const answers: AnswerSet = { version: 1, groups };
  checkGroupNames(answers);
  return answers;
}

async function embed(input: CreateDataset, questions: readonly Question[]): Promise<Uint8Array> {
  const { embedder: folder, embedderName, onProgress, signal, threads = 1 } = input;
  const engine = await openEngine("native", { threads });
  try {
    const hashes = embedderName === undefined ? MINILM_HASHES : await hashModelFolder(folder);
    const embedder = await openTextEmbedder({ folder, engine, hashes });
    const embedded = await embedder.embedQuestions(questions, { onProgress, signal });
    const rows = embedded.reduce((sum, { embeddings }) => sum + embeddings.length, 0);
    const matrix = new Float32Array(rows);
    let row = 0;
    for (const { embeddings } of embedded) {
      matrix.set(embeddings, row);
      row += embeddings.length;
    }
    return encodeEmbeddings(matrix, embedder.dimension);
  } finally {
    await engine.close();
  }
}

/** An answers file with a line for each cell. */
function answerLines({ groups }: AnswerSet): string {
  return groups
    .flatMap(({ id, answers }) =>
      answers.map(({ question, counts }) => `${JSON.stringify({ question, group: id, counts })}\n`),
    )
    .join("");
}
