import { CsvError, parse } from "csv-parse/sync";
import type { AnswersProblem, ReadRows } from "./answer-rows.ts";

const REQUIRED = ["question", "group", "option"] as const;
const COLUMNS: readonly string[] = [...REQUIRED, "count"];

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

/**
 * Reads a CSV file (RFC 4180) with a header line. Unknown columns and a byte order mark are
 * ignored.
 */
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

/** The delimiter of the header: spreadsheets of some languages write semicolons or tabs. */
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
      "There is a quotation mark inside an unquoted field: double it and quote the field.",
    CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: "Text follows a closing quotation mark.",
  };
  return {
    line: typeof line === "number" && line > 0 ? line : 1,
    column: null,
    message: messages[error.code] ?? `This is not a CSV file: ${error.message}`,
  };
}
