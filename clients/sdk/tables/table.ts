import type { Delimiter } from "./csv-dialect.ts";
import type { Encoding } from "./decode-text.ts";
import type { FileProblem } from "./file-problem.ts";

/** A row as text, with the line (or sheet row) that it starts in. */
export interface TableRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Whether a row holds nothing: spreadsheets write rows of delimiters below and between tables. */
export function isBlankRow(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === "");
}

/** A column, with what formats with a dictionary (SPSS, Stata) say about it. */
export interface TableColumn {
  /** As the file writes it, or `column 3` where it writes nothing. */
  readonly name: string;
  readonly label?: string;
  /** Labels by code. */
  readonly valueLabels?: ReadonlyMap<string, string>;
  /** Codes that the file itself declares to be missing. */
  readonly missingCodes?: ReadonlySet<string>;
}

/** A table whose rows are read once, in batches, so that memory does not grow with the file. */
export interface Table {
  /** For people, for example `CSV, separated by semicolons`. */
  readonly format: string;
  readonly columns: readonly TableColumn[];
  /** Where the columns are named. */
  readonly headerLine: number;
  /** What was skipped. */
  readonly notes: readonly FileProblem[];
  /** Rows with a cell for every column, without blank ones. Throws `UnreadableTable`. */
  batches(): AsyncIterable<readonly TableRow[]>;
}

/** How a table's owner helps where the file does not speak for itself. */
export interface TableOptions {
  readonly encoding?: Encoding | undefined;
  readonly delimiter?: Delimiter | undefined;
  /** The line that names the columns. */
  readonly headerLine?: number | undefined;
  /** The sheet of a workbook. */
  readonly sheet?: string | undefined;
}
