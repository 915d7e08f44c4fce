import { type AnswerSet, PlenaryError, parseAnswers, type Questionnaire } from "@plenary/protocol";
import { readBytes } from "../files/index.ts";
import type { Remedy } from "../remedy.ts";
import { decodeText, type Encoding, UnreadableTable } from "../tables/index.ts";
import type { AnswersProblem } from "./answer-rows.ts";
import { readCsvAnswers } from "./csv-answers.ts";
import { readJsonLines } from "./json-lines.ts";
import { Tally } from "./tally.ts";

/** Formats of answers files: CSV, or a JSON object a line. */
export type AnswersFormat = "csv" | "jsonl";

/** What a file's owner knows about it and the file does not say. */
export interface ReadAnswersOptions {
  /** Columns (or fields of JSON objects) that are not used. Any other unknown one is a problem. */
  readonly ignoreColumns?: readonly string[] | undefined;
  /** By default what the byte order mark says, or else UTF-8. */
  readonly encoding?: Encoding | undefined;
}

/**
 * The content of an answers file: its answers, with what their owner should know about them, or the
 * problems that keep them from being read.
 */
export type CheckedAnswers =
  | {
      readonly answers: AnswerSet;
      readonly problems: readonly [];
      readonly warnings: readonly AnswersProblem[];
    }
  | {
      readonly answers: null;
      readonly problems: readonly AnswersProblem[];
      readonly warnings: readonly AnswersProblem[];
    };

/** Reading stops after this many problems: a file of another kind would have one in every line. */
const MOST_PROBLEMS = 20;

/**
 * Reads an organisation's answers. CSV has the columns `question`, `group`, `option` and optionally
 * `count` (without it each row is one respondent). JSONL has an object per line, `{question, group,
 * counts}` or `{question, group, option, count}`. An option is given by its text or by its index
 * from 0. Throws `answers-invalid` naming line and column, and `file-unreadable`.
 */
export async function readAnswers(
  path: string,
  questionnaire: Questionnaire,
  options: ReadAnswersOptions = {},
): Promise<AnswerSet> {
  const { answers, problems } = await checkAnswersFile(path, questionnaire, options);
  if (answers !== null) return answers;
  const [first] = problems;
  const place = `line ${first?.line}${first?.column ? `, column ${first.column}` : ""}`;
  const others = problems.length - 1;
  const more =
    others === 0
      ? ""
      : ` There ${others === 1 ? "is 1 more problem" : `are ${others} more problems`}.`;
  const remedy: Remedy | undefined = others > 0 ? "check-answers" : first?.remedy;
  throw new PlenaryError("answers-invalid", `${path}, ${place}: ${first?.message}${more}`, {
    path,
    line: first?.line ?? 0,
    column: first?.column ?? "",
    problems: problems.length,
    ...(remedy !== undefined && { remedy }),
  });
}

/**
 * Reads answers as `readAnswers` does, and lists up to 20 problems instead of throwing for the
 * first. Throws `file-unreadable` only.
 */
export async function checkAnswersFile(
  path: string,
  questionnaire: Questionnaire,
  options: ReadAnswersOptions = {},
): Promise<CheckedAnswers> {
  const bytes = await readBytes(path, "the answers file");
  let text: string;
  try {
    text = decodeText(bytes, options.encoding);
  } catch (error) {
    if (!(error instanceof UnreadableTable)) throw error;
    return refused([error.problem]);
  }
  return checkAnswers(text, formatOf(path, text), questionnaire, options);
}

/** Checks the text of an answers file. */
export function checkAnswers(
  text: string,
  format: AnswersFormat,
  questionnaire: Questionnaire,
  { ignoreColumns = [] }: ReadAnswersOptions = {},
): CheckedAnswers {
  const { rows, problems, notes } =
    format === "csv" ? readCsvAnswers(text, ignoreColumns) : readJsonLines(text, ignoreColumns);
  const tally = new Tally(questionnaire);
  const found = [...problems];
  for (const row of rows) {
    if (found.length >= MOST_PROBLEMS) break;
    const problem = tally.add(row);
    if (problem !== null) found.push({ line: row.line, ...problem });
  }
  const warnings = [...notes, ...tally.warnings()].toSorted((a, b) => a.line - b.line);
  if (found.length > 0)
    return refused(found.toSorted((a, b) => a.line - b.line).slice(0, MOST_PROBLEMS), warnings);
  const empty = tally.unanswered();
  if (empty !== null) return refused([empty], warnings);
  if (tally.groupCount === 0)
    return refused([{ line: 1, column: null, message: "There are no answers." }], warnings);
  return { answers: parseAnswers(tally.answers(), questionnaire), problems: [], warnings };
}

/** The format of a file, by its name or else by its first character. */
export function formatOf(path: string, text: string): AnswersFormat {
  if (/\.(jsonl|ndjson)$/i.test(path)) return "jsonl";
  if (/\.(csv|tsv|txt)$/i.test(path)) return "csv";
  return /^[\s\uFEFF]*[{[]/.test(text) ? "jsonl" : "csv";
}

function refused(
  problems: readonly AnswersProblem[],
  warnings: readonly AnswersProblem[] = [],
): CheckedAnswers {
  return { answers: null, problems, warnings };
}
