import { type AnswerSet, PlenaryError, parseAnswers, type Questionnaire } from "@plenary/protocol";
import { readBytes } from "../files/index.ts";
import type { Remedy } from "../remedy.ts";
import type { AnswersProblem } from "./answer-rows.ts";
import { readCsvRows } from "./csv-rows.ts";
import { readJsonLines } from "./json-lines.ts";
import { Tally } from "./tally.ts";

/** Formats of answers files: CSV, or a JSON object a line. */
export type AnswersFormat = "csv" | "jsonl";

/** The content of an answers file: its answers, or the problems that keep them from being read. */
export type CheckedAnswers =
  | { readonly answers: AnswerSet; readonly problems: readonly [] }
  | { readonly answers: null; readonly problems: readonly AnswersProblem[] };

/** Reading stops after this many problems: a file of another kind would have one in every line. */
const MOST_PROBLEMS = 20;

/**
 * Reads an organisation's answers. CSV has the columns `question`, `group`, `option` and optionally
 * `count` (without it each row is one respondent). JSONL has an object per line, `{question, group,
 * counts}` or `{question, group, option, count}`. An option is given by its text or by its index
 * from 0. Throws `answers-invalid` naming line and column, and `file-unreadable`.
 */
export async function readAnswers(path: string, questionnaire: Questionnaire): Promise<AnswerSet> {
  const { answers, problems } = await checkAnswersFile(path, questionnaire);
  if (answers !== null) return answers;
  const [first] = problems;
  const place = `line ${first?.line}${first?.column ? `, column ${first.column}` : ""}`;
  const others = problems.length - 1;
  const more =
    others === 0
      ? ""
      : ` There ${others === 1 ? "is 1 more problem" : `are ${others} more problems`}.`;
  throw new PlenaryError("answers-invalid", `${path}, ${place}: ${first?.message}${more}`, {
    path,
    line: first?.line ?? 0,
    column: first?.column ?? "",
    problems: problems.length,
    ...(others > 0 && { remedy: "check-answers" satisfies Remedy }),
  });
}

/**
 * Reads answers as `readAnswers` does, and lists up to 20 problems instead of throwing for the
 * first. Throws `file-unreadable` only.
 */
export async function checkAnswersFile(
  path: string,
  questionnaire: Questionnaire,
): Promise<CheckedAnswers> {
  const bytes = await readBytes(path, "the answers file");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refused([
      { line: 1, column: null, message: "The file is not UTF-8. Save it as CSV UTF-8." },
    ]);
  }
  return checkAnswers(text, formatOf(path, text), questionnaire);
}

/** Checks the text of an answers file. */
export function checkAnswers(
  text: string,
  format: AnswersFormat,
  questionnaire: Questionnaire,
): CheckedAnswers {
  const { rows, problems } = format === "csv" ? readCsvRows(text) : readJsonLines(text);
  const tally = new Tally(questionnaire);
  const found = [...problems];
  for (const row of rows) {
    if (found.length >= MOST_PROBLEMS) break;
    const problem = tally.add(row);
    if (problem !== null) found.push({ line: row.line, ...problem });
  }
  if (found.length > 0)
    return refused(found.toSorted((a, b) => a.line - b.line).slice(0, MOST_PROBLEMS));
  const empty = tally.unanswered();
  if (empty !== null) return refused([empty]);
  if (tally.groups.size === 0)
    return refused([{ line: 1, column: null, message: "There are no answers." }]);
  return { answers: parseAnswers(tally.answers(), questionnaire), problems: [] };
}

/** The format of a file, by its name or else by its first character. */
export function formatOf(path: string, text: string): AnswersFormat {
  if (/\.(jsonl|ndjson)$/i.test(path)) return "jsonl";
  if (/\.(csv|tsv|txt)$/i.test(path)) return "csv";
  return text.trimStart().startsWith("{") ? "jsonl" : "csv";
}

function refused(problems: readonly AnswersProblem[]): CheckedAnswers {
  return { answers: null, problems };
}
