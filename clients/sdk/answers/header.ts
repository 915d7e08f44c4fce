import { canonicalText, quotedText } from "@plenary/protocol";
import { COUNT_LIKE, WEIGHT_LIKE } from "../tables/index.ts";
import type { AnswersProblem } from "./answer-rows.ts";

export const REQUIRED = ["question", "group", "option"] as const;
export const NAMES = [...REQUIRED, "count"] as const;

/** A column of a header: `name` in comparable form, `shown` as the file has it. */
export interface HeaderColumn {
  readonly name: string;
  readonly shown: string;
  readonly index: number;
}

/** What is wrong with a header: columns that are missing, twice, or would go unused. */
export function columnProblems(
  columns: readonly HeaderColumn[],
  line: number,
  ignoreColumns: readonly string[],
): AnswersProblem[] {
  const ignored = new Set(ignoreColumns.map((name) => canonicalText(name).toLowerCase()));
  const names = columns.map(({ name }) => name);
  const missing = REQUIRED.filter((name) => !names.includes(name)).map((column) => ({
    line,
    column,
    message: `The column ${column} is missing: the first line must name the columns question, group, option and optionally count.`,
  }));
  if (missing.length > 0) return missing;
  const twice = NAMES.filter((name) => names.indexOf(name) !== names.lastIndexOf(name)).map(
    (column) => ({ line, column, message: `The column ${column} occurs twice.` }),
  );
  const counted = names.includes("count");
  const unused = columns
    .filter(({ name }) => !(NAMES as readonly string[]).includes(name) && !ignored.has(name))
    .map((column) => unusedProblem(column, line, counted));
  return [...twice, ...unused];
}

function unusedProblem(
  { name, shown }: HeaderColumn,
  line: number,
  counted: boolean,
): AnswersProblem {
  const quoted = quotedText(shown);
  const base = { line, column: shown, remedy: "ignore-column" } as const;
  if (!counted && COUNT_LIKE.test(name))
    return {
      ...base,
      message: `Does ${quoted} hold how many respondents chose the option? Then name the column count: without it each row is one respondent. If not, say that the column is to be ignored.`,
    };
  if (WEIGHT_LIKE.test(name))
    return {
      ...base,
      message: `${quoted} looks like a weight or a share, which an answers file does not have: import the file first, which makes whole respondents of it, or say that the column is to be ignored.`,
    };
  return {
    ...base,
    message: `The column ${quoted} would not be used: remove it, or say that it is to be ignored. The columns are question, group, option and optionally count.`,
  };
}
