import { PlenaryError, parserOf } from "@plenary/protocol";
import { CsvError, parse } from "csv-parse/sync";
import Type from "typebox";
import type { AnswersProblem } from "./answers-file.ts";

interface RowBase {
  readonly line: number;
  readonly question: string;
  readonly group: string;
}

/** One row of an answers file, with values as they stand there: whether they fit the questionnaire is checked later. */
export type AnswerRow = RowBase &
  (
    | { readonly counts: readonly number[] }
    /** `count` null: the row is one respondent. */
    | { readonly option: string | number; readonly count: string | number | null }
  );

export interface ReadRows {
  readonly rows: AnswerRow[];
  readonly problems: AnswersProblem[];
}

const REQUIRED = ["question", "group", "option"] as const;
const COLUMNS: readonly string[] = [...REQUIRED, "count"];

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/** Rows of a CSV file (RFC 4180) with a header line. Columns beyond the known ones are ignored, as is a byte order mark. */
export function readCsvRows(text: string): ReadRows {
  const header: string[] = [];
  let records: CsvRecord[];
  try {
    records = parse(text, {
      bom: true,
      columns: (names: string[]) => {
        header.push(...names.map((name) => name.trim().toLowerCase()));
        return header;
      },
      info: true,
      skip_empty_lines: true,
      delimiter: delimiterOf(text),
    }) as unknown as CsvRecord[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    return { rows: [], problems: [csvProblem(cause)] };
  }
  const problems = headerProblems(header);
  if (problems.length > 0) return { rows: [], problems };
  const counted = header.includes("count");
  const rows = records.map(({ record, info }) => ({
    line: info.lines,
    question: (record.question ?? "").trim(),
    group: (record.group ?? "").trim(),
    option: record.option ?? "",
    count: counted ? (record.count ?? "") : null,
  }));
  return { rows, problems };
}

/** What separates the header's names: spreadsheets of some languages write semicolons or tabs. */
function delimiterOf(text: string): string {
  const [header = ""] = text.split(/\r?\n/, 1);
  return [",", "\t", ";"].find((delimiter) => header.includes(delimiter)) ?? ",";
}

function headerProblems(header: readonly string[]): AnswersProblem[] {
  if (header.length === 0)
    return [
      {
        line: 1,
        column: null,
        message: "The file is empty: its first line must be question,group,option.",
      },
    ];
  const missing = REQUIRED.filter((column) => !header.includes(column));
  const twice = COLUMNS.filter((column) => header.indexOf(column) !== header.lastIndexOf(column));
  return [
    ...missing.map((column) => ({
      line: 1,
      column,
      message: `The column ${column} is missing: the first line must name the columns question, group, option and optionally count.`,
    })),
    ...twice.map((column) => ({ line: 1, column, message: `The column ${column} occurs twice.` })),
  ];
}

function csvProblem(error: CsvError): AnswersProblem {
  const line: unknown = error.lines;
  const messages: Readonly<Record<string, string>> = {
    CSV_RECORD_INCONSISTENT_COLUMNS: "This row has another number of fields than the header.",
    CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: "This row has another number of fields than the header.",
    CSV_QUOTE_NOT_CLOSED: "A quotation mark is never closed.",
    CSV_INVALID_CLOSING_QUOTE: "Text follows a closing quotation mark.",
    INVALID_OPENING_QUOTE:
      "A quotation mark stands inside an unquoted field: double it and quote the field.",
    CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: "Text follows a closing quotation mark.",
  };
  return {
    line: typeof line === "number" && line > 0 ? line : 1,
    column: null,
    message: messages[error.code] ?? `This is no CSV: ${error.message}`,
  };
}

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

/** Rows of a JSONL file: a JSON object per line; empty lines are skipped. */
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
    return { line, column: null, message: `This line is no JSON${detail}.` };
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

/** Which field keeps an object from being an answer; a union's own error would only say that no form fits. */
function fieldProblem(value: unknown): { column: string | null; message: string } {
  const forms =
    'expected {"question", "group", "counts"} or {"question", "group", "option", "count"}';
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { column: null, message: `This line is no JSON object: ${forms}.` };
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
