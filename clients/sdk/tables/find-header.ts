import { quotedText, tidyText } from "@plenary/protocol";
import { type FileProblem, UnreadableTable } from "./file-problem.ts";
import { isBlankRow, type TableColumn, type TableRow } from "./table.ts";

/** Rows among which the header is looked for. */
export const HEAD_ROWS = 60;

export interface Header {
  readonly line: number;
  readonly columns: readonly TableColumn[];
  /** Place of each column in a row. */
  readonly places: readonly number[];
  readonly notes: readonly FileProblem[];
}

/**
 * The row that names the columns: the one that is asked for, or else the first. If a later row is
 * wider than the first, one of them is a title, and `UnreadableTable` asks which is the header.
 */
export function findHeader(head: readonly TableRow[], headerLine: number | undefined): Header {
  const rows = head.filter(({ cells }) => !isBlankRow(cells));
  const at =
    headerLine === undefined ? firstRow(rows) : rows.findIndex(({ line }) => line === headerLine);
  const row = rows[at];
  if (row === undefined) {
    const what = headerLine === undefined ? "The file holds no rows." : "This line is blank, or is";
    const rest = headerLine === undefined ? "" : ` not among the first ${HEAD_ROWS} lines.`;
    throw refused(headerLine ?? 1, `${what}${rest}`);
  }
  const data = rows.slice(at + 1);
  const places = row.cells.flatMap((cell, place) =>
    tidyText(cell) !== "" || data.some(({ cells }) => (cells[place] ?? "").trim() !== "")
      ? [place]
      : [],
  );
  const columns = places.map((place) => ({ name: nameOf(row, place) }));
  const notes = rows.slice(0, at).map(({ line }) => ({
    line,
    column: null,
    message: "This line is above the header and was skipped.",
  }));
  return { line: row.line, columns, places, notes };
}

function firstRow(rows: readonly TableRow[]): number {
  const width = ({ cells }: TableRow) => cells.filter((cell) => cell.trim() !== "").length;
  const [first, ...rest] = rows;
  if (first === undefined) return -1;
  const wider = rest.slice(0, 10).find((row) => width(row) > width(first));
  if (wider !== undefined && width(first) * 2 <= width(wider))
    throw new UnreadableTable({
      line: first.line,
      column: null,
      message: `Which line names the columns? Line ${first.line} holds ${width(first)} cells, line ${wider.line} holds ${width(wider)}.`,
      remedy: "name-header-line",
    });
  return 0;
}

function nameOf({ cells }: TableRow, place: number): string {
  return tidyText(cells[place] ?? "") || `column ${place + 1}`;
}

/**
 * The row's cells by column. Throws `UnreadableTable` if it holds something beside the columns, or
 * fewer cells than they need: then a cell holds an unquoted delimiter.
 */
export function alignedRow({ line, cells }: TableRow, header: Header, exact: boolean): TableRow {
  const width = (header.places.at(-1) ?? -1) + 1;
  if (cells.length > width) {
    const extra = cells.findIndex((cell, place) => place >= width && cell.trim() !== "");
    if (extra >= 0)
      throw refused(
        line,
        `This row has ${cells.length} fields, and the header ${width}: ${quotedText(cells[extra] ?? "")} is beside the last column. A cell in which the delimiter occurs must be quoted.`,
      );
  }
  if (exact && cells.length < width)
    throw refused(
      line,
      `This row has ${cells.length} fields, and the header ${width}: the row is cut off, or another delimiter separates the columns.`,
    );
  const plain = header.places.length === cells.length;
  return { line, cells: plain ? cells : header.places.map((place) => cells[place] ?? "") };
}

function refused(line: number, message: string): UnreadableTable {
  return new UnreadableTable({ line, column: null, message });
}
