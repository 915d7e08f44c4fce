import { PlenaryError } from "@plenary/protocol";
import type { Remedy } from "../remedy.ts";

/**
 * A problem in a file, where a person can find it: lines count from 1; `column` is a header of a
 * table or a field of a JSON object. `remedy` names what can be done without changing the file.
 */
export interface FileProblem {
  readonly line: number;
  readonly column: string | null;
  readonly message: string;
  readonly remedy?: Remedy;
}

/** A row as text, with the line (or sheet row) that it starts in. */
export interface TableRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Ends the reading of a file that cannot be understood further. */
export class UnreadableTable extends PlenaryError {
  readonly problem: FileProblem;

  constructor(problem: FileProblem) {
    super("answers-invalid", problem.message, { line: problem.line, column: problem.column ?? "" });
    this.problem = problem;
  }
}

/** Whether a row holds nothing: spreadsheets write rows of delimiters below and between tables. */
export function isBlankRow(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === "");
}
