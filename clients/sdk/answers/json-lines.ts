import { PlenaryError, parserOf } from "@plenary/protocol";
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

/** Reads a JSONL file: one JSON object per line. Empty lines are skipped. */
export function readJsonLines(text: string): ReadRows {
  const rows: AnswerRow[] = [];
  const problems: AnswersProblem[] = [];
  text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .forEach((content, index) => {
      if (content.trim() === "") return;
      const read = readJsonLine(content, index + 1);
      if ("message" in read) problems.push(read);
      else rows.push(read);
    });
  return { rows, problems };
}

function readJsonLine(content: string, line: number): AnswerRow | AnswersProblem {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    const detail = cause instanceof SyntaxError ? `: ${cause.message}` : "";
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

/**
 * The field that keeps an object from being an answer. The error of a union would only say that no
 * form fits.
 */
function fieldProblem(value: unknown): { column: string | null; message: string } {
  const forms =
    'expected {"question", "group", "counts"} or {"question", "group", "option", "count"}';
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
    return { column: unknown, message: `${unknown} is not expected here: ${forms}.` };
  if (fields.has("counts"))
    return { column: "counts", message: "counts must be a list of whole numbers, one per option." };
  if (!fields.has("option")) return { column: "option", message: `option is missing: ${forms}.` };
  const option = fields.get("option");
  if (typeof option !== "string" && !Number.isInteger(option))
    return { column: "option", message: "option must be a text or an index." };
  return { column: "count", message: "count must be a whole number of respondents." };
}
