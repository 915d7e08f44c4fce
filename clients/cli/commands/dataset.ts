import { availableParallelism } from "node:os";
import { type AnswerSet, countCells, quotedText } from "@plenary/protocol";
import { createDataset, type Dataset, loadDataset } from "@plenary/sdk";
import type { Session } from "../session.ts";

export interface DatasetFlags {
  readonly questions: string;
  readonly heldOut: readonly string[];
  readonly unseen?: string;
  readonly embedder: string;
  readonly embedderName?: string;
  readonly name?: string;
  readonly title?: string;
  readonly source?: string;
  readonly citation?: string;
  readonly licence?: string;
  readonly replace?: boolean;
}

/** `plenary dataset create OUTPUT`: checks everything, embeds, and writes three files. */
export async function datasetCreate(
  session: Session,
  output: string,
  { unseen, ...flags }: DatasetFlags,
): Promise<void> {
  const { dataset, files, heldOut, members } = await createDataset({
    ...flags,
    output,
    unseen: unseen === undefined ? undefined : groupIds(unseen),
    threads: availableParallelism(),
    reading: session.reading,
    onProgress: (done, total) =>
      session.output.progress("embedding", "texts embedded", done, total),
    signal: session.signal,
  });
  const lines = [
    `${files.set}: ${sizeText(dataset)}, name ${dataset.name}`,
    `${files.embeddings}: ${dataset.embeddings.count} embeddings of ${dataset.embeddings.dimension} by ${dataset.questionnaire.embeddings.model}`,
    `${files.heldOut}: ${answersText(heldOut)}, held out`,
    members.groups === 0
      ? "No group of it trains: members bring their own answers."
      : `${files.set} holds the answers of ${plural(members.groups, "group")} of members too (${members.cells} cells): give it to nobody who may not see them.`,
  ];
  const unworded = unwordedQuestions(dataset);
  session.output.say("dataset-created", [...lines, ...unwordedNotes(unworded)], {
    files,
    unworded,
    ...sizes(dataset),
    heldOut: { groups: heldOut.groups.map(({ id }) => id), cells: countCells(heldOut) },
    members,
  });
}

/** `plenary dataset check FILE`: loads a set with all checks, and says what it holds. */
export async function datasetCheck(session: Session, path: string): Promise<void> {
  const dataset = await loadDataset(path);
  const { training, unseen } = dataset.split(0);
  const unworded = unwordedQuestions(dataset);
  const few = dataset.answers.groups.filter(({ answers }) => answers.length < ENOUGH);
  const lines = [
    `${path}: ${sizeText(dataset)}, embedded by ${dataset.questionnaire.embeddings.model}`,
    `held out: ${answersText(dataset.answersOf(unseen))}`,
    `members: ${training.length === 0 ? "none, they bring their own answers" : answersText(dataset.answersOf(training))}`,
    ...few
      .slice(0, MOST_NAMED)
      .map(
        ({ id, answers }) =>
          `note: group ${shownId(id)} has ${answers.length} answers; with fewer than ${ENOUGH} its scores vary more`,
      ),
    ...(few.length > MOST_NAMED ? [`note: so do ${few.length - MOST_NAMED} more groups`] : []),
    ...unwordedNotes(unworded),
  ];
  session.output.say("dataset-checked", lines, {
    path,
    valid: true,
    ...sizes(dataset),
    unseen,
    training,
    few: few.map(({ id }) => id),
    unworded,
  });
}

/** Answers with which a group shows a full context in evaluation. */
const ENOUGH = 20;

/** Groups and questions that a line names at most. */
const MOST_NAMED = 8;

/** Ids of questions whose text is their id, as an export without a codebook has them. */
function unwordedQuestions({ questionnaire }: Dataset): string[] {
  return questionnaire.questions.filter(({ id, text }) => id === text).map(({ id }) => id);
}

function unwordedNotes(ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : "";
  return [
    `note: the text of ${plural(ids.length, "question")} is only an id, which tells the embedder little: ${ids.slice(0, MOST_NAMED).join(", ")}${more}. Put the questions' words there.`,
  ];
}

/** An id with a comma in it between quotation marks, for lists. */
function shownId(id: string): string {
  return id.includes(",") ? quotedText(id) : id;
}

function groupIds(text: string): string[] {
  return text.split(",").map((id) => id.trim());
}

function sizes({ name, questionnaire, answers }: Dataset) {
  const options = questionnaire.questions.reduce(
    (sum, question) => sum + question.options.length,
    0,
  );
  return {
    name,
    questions: questionnaire.questions.length,
    options,
    groups: answers.groups.length,
    cells: countCells(answers),
  };
}

function sizeText(dataset: Dataset): string {
  const { questions, options, groups, cells } = sizes(dataset);
  const each = `${cells} of ${questions * groups} cells answered`;
  return `${questions} questions with ${options} options, ${plural(groups, "group")}, ${each}`;
}

function answersText(answers: AnswerSet): string {
  const names = answers.groups.slice(0, MOST_NAMED).map(({ id }) => shownId(id));
  const more = answers.groups.length - names.length;
  const groups = `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return `${plural(answers.groups.length, "group")} (${groups}), ${countCells(answers)} cells`;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
