import type { FileProblem } from "../tables/index.ts";

/** Reading stops after this many problems: a file of another kind would have one in every line. */
const MOST_PROBLEMS = 20;

/** Thrown to end the reading of a file that has too many problems. */
export class TooManyProblems extends Error {}

/** A problem, and the file that has it. */
export interface ImportProblem extends FileProblem {
  readonly file: string;
}

/** What is wrong with files, in the order in which it was found. */
export class Problems {
  readonly list: ImportProblem[] = [];
  /** The file that is being read. */
  file = "";

  add(problem: FileProblem): void {
    this.list.push({ file: this.file, ...problem });
    if (this.list.length >= MOST_PROBLEMS) throw new TooManyProblems();
  }
}
