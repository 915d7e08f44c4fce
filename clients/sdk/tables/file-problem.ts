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

/** Ends the reading of a file that cannot be understood further. */
export class UnreadableTable extends PlenaryError {
  readonly problem: FileProblem;

  constructor(problem: FileProblem) {
    super("answers-invalid", problem.message, { line: problem.line, column: problem.column ?? "" });
    this.problem = problem;
  }
}
