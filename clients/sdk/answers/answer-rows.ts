import type { FileProblem } from "../tables/index.ts";

/**
 * A problem in an answers file. Lines count from 1; `column` is a header of the CSV or a field of
 * the JSON object. `remedy` names what else can be done, beside changing the file.
 */
export type AnswersProblem = FileProblem;

interface RowBase {
  readonly line: number;
  readonly question: string;
  readonly group: string;
}

/**
 * One row of an answers file, as it was read. Whether it fits the questionnaire is checked later.
 */
export type AnswerRow = RowBase &
  (
    | { readonly counts: readonly number[] }
    /** Null if each row is one respondent. */
    | { readonly option: string | number; readonly count: string | number | null }
  );

export interface ReadRows {
  readonly rows: AnswerRow[];
  readonly problems: AnswersProblem[];
  /** What was skipped, for example lines above the header. */
  readonly notes: AnswersProblem[];
}
