import { escapeControls, PlenaryError, parserOf, quotedText } from "@plenary/protocol";
import Type from "typebox";
import type { AnswerRow, AnswersProblem, ReadRows } from "./answer-rows.ts";

const parseRow = parserOf(
  Type.Union([
    Type.Object(
      {
        question: Type.String(),
        group: Type.String(),
        counts: Type.Array(Type.Number(), { maxItems: 64 }),
      },
      { additionalProperties: false },
    ),
    Type.Object(
      {
        question: Type.String(),
        group: Type.String(),
        option: Type.Union([Type.String(), Type.Integer()]),
        count: Type.Optional(Type.Number()),
      },
      { additionalProperties: false },
    ),
  ]),
  "This object",
);

const FORMS = '{"question", "group", "counts"} or {"question", "group", "option", "count"}';

/**
 * Reads a JSONL file: one JSON object per line. Empty lines and the fields of `ignoreColumns` are
 * skipped.
 */
export function readJsonLines(text: string, ignoreColumns: readonly string[] = []): ReadRows {
  const rows: AnswerRow[] = [];
  const problems: AnswersProblem[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const first = lines.findIndex((line) => line.trim() !== "");
  if (lines[first]?.trimStart().startsWith("["))
    return { rows, problems: [arrayProblem(first + 1)], notes: [] };
  lines.forEach((content, index) => {
    if (content.trim() === "") return;
    const read = readJsonLine(content, index + 1, ignoreColumns);
    if ("message" in read) problems.push(read);
    else rows.push(read);
  });
  return { rows, problems, notes: [] };
}

function arrayProblem(line: number): AnswersProblem {
  return {
    line,
    column: null,
    message: `This file is a JSON array, and an answers file has one object per line (JSONL): ${FORMS}. Write each element of the array in a line of its own, without brackets and commas between them.`,
  };
}

function readJsonLine(
  content: string,
  line: number,
  ignoreColumns: readonly string[],
): AnswerRow | AnswersProblem {
  let value: unknown;
  try {
    value = withoutFields(JSON.parse(content), ignoreColumns);
  } catch (cause) {
    const detail = cause instanceof SyntaxError ? `: ${escapeControls(cause.message)}` : "";
    return { line, column: null, message: `This line is not valid JSON${detail}.` };
  }
  try {
    const row = parseRow(value);
    if ("counts" in row) return { line, ...row };
    return {
      line,
      question: row.question,
      group: row.group,
      option: row.option,
      count: row.count ?? null,
    };
  } catch (cause) {
    if (!(cause instanceof PlenaryError)) throw cause;
    return { line, ...fieldProblem(value) };
  }
}

function withoutFields(value: unknown, names: readonly string[]): unknown {
  if (names.length === 0 || typeof value !== "object" || value === null || Array.isArray(value))
    return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

/**
 * The field that keeps an object from being an answer. The error of a union would only say that no
 * form fits.
 */
function fieldProblem(value: unknown): Omit<AnswersProblem, "line"> {
  const forms = `expected ${FORMS}`;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { column: null, message: `This line is not a JSON object: ${forms}.` };
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const name of ["question", "group"])
    if (typeof fields.get(name) !== "string")
      return {
        column: name,
        message: fields.has(name) ? `${name} must be a text.` : `${name} is missing: ${forms}.`,
      };
  const known = ["question", "group", ...(fields.has("counts") ? ["counts"] : ["option", "count"])];
  const unknown = [...fields.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined)
    return {
      column: unknown,
      message: `${quotedText(unknown)} is not expected here: ${forms}.`,
      remedy: "ignore-column",
    };
  if (fields.has("counts"))
    return { column: "counts", message: "counts must be a list of whole numbers, one per option." };
  if (!fields.has("option")) return { column: "option", message: `option is missing: ${forms}.` };
  const option = fields.get("option");
  if (typeof option !== "string" && !Number.isInteger(option))
    return { column: "option", message: "option must be a text or an index." };
  return { column: "count", message: "count must be a whole number of respondents." };
}
