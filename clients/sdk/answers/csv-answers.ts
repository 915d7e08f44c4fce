import { canonicalText } from "@plenary/protocol";
import {
  csvRows,
  csvStart,
  type Delimiter,
  delimiterNaming,
  isBlankRow,
  type TableRow,
  UnreadableTable,
} from "../tables/index.ts";
import type { AnswersProblem, ReadRows } from "./answer-rows.ts";
import { columnProblems, type HeaderColumn, NAMES, REQUIRED } from "./header.ts";

/** A title, a date and a source may precede the header; a longer text is not a table. */
const LONGEST_PREAMBLE = 25;

/**
 * Reads a CSV file (RFC 4180) whose header names the columns question, group, option and optionally
 * count. Blank rows and lines above the header are skipped; columns that would go unused are
 * problems unless `ignoreColumns` names them.
 */
export function readCsvAnswers(text: string, ignoreColumns: readonly string[]): ReadRows {
  const whole = text.replace(/^\uFEFF/, "");
  const start = csvStart(whole);
  const body = whole.slice(start.skip);
  const delimiter: Delimiter = start.delimiter ?? delimiterNaming(body, REQUIRED) ?? ",";
  let rows: TableRow[];
  try {
    rows = csvRows(body, delimiter, start.line).filter(({ cells }) => !isBlankRow(cells));
  } catch (error) {
    if (!(error instanceof UnreadableTable)) throw error;
    return { rows: [], problems: [error.problem], notes: [] };
  }
  const at = Math.max(0, rows.slice(0, LONGEST_PREAMBLE).findIndex(isHeader));
  const header = rows[at];
  if (header === undefined)
    return refused(1, "The file is empty: its first line must be question,group,option.");
  const columns = columnsOf(header, rows.slice(at + 1));
  const problems = columnProblems(columns, header.line, ignoreColumns);
  if (problems.length > 0) return { rows: [], problems, notes: [] };
  return { ...readRows(rows.slice(at + 1), columns), notes: preambleNotes(rows.slice(0, at)) };
}

function isHeader({ cells }: TableRow): boolean {
  const names = cells.map(nameOf);
  return REQUIRED.every((name) => names.includes(name));
}

function nameOf(cell: string): string {
  return canonicalText(cell).toLowerCase();
}

/** The header's columns. A column without a name counts if any cell below it holds something. */
function columnsOf(header: TableRow, rows: readonly TableRow[]): HeaderColumn[] {
  const width = header.cells.length;
  return header.cells.flatMap((cell, index) => {
    const name = nameOf(cell);
    if (name !== "") return [{ name, shown: cell.trim(), index }];
    const filled = rows.some(({ cells }) => cells.length <= width && (cells[index] ?? "").trim());
    return filled ? [{ name: `column ${index + 1}`, shown: `column ${index + 1}`, index }] : [];
  });
}

function readRows(rows: readonly TableRow[], columns: readonly HeaderColumn[]) {
  const places = NAMES.map((name) => columns.find((column) => column.name === name)?.index ?? -1);
  const [question = -1, group = -1, option = -1, count = -1] = places;
  const width = Math.max(...columns.map(({ index }) => index)) + 1;
  const read: ReadRows = { rows: [], problems: [], notes: [] };
  for (const { line, cells } of rows) {
    if (cells.length < width || !isBlankRow(cells.slice(width))) {
      const message = `This row has another number of fields (${cells.length}) than the header (${width}): a cell in which the delimiter occurs must be quoted.`;
      read.problems.push({ line, column: null, message });
      continue;
    }
    read.rows.push({
      line,
      question: cells[question] ?? "",
      group: cells[group] ?? "",
      option: cells[option] ?? "",
      count: count < 0 ? null : (cells[count] ?? ""),
    });
  }
  return read;
}

function preambleNotes(rows: readonly TableRow[]): AnswersProblem[] {
  return rows.map(({ line }) => ({
    line,
    column: null,
    message: "This line is above the header and was skipped.",
  }));
}

function refused(line: number, message: string): ReadRows {
  return { rows: [], problems: [{ line, column: null, message }], notes: [] };
}
