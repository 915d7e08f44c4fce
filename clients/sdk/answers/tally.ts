import type { AnswerSet, Questionnaire } from "@plenary/protocol";
import type { AnswerRow, AnswersProblem } from "./answer-rows.ts";

const LARGEST_COUNT = 2 ** 31 - 1;

type RowProblem = Omit<AnswersProblem, "line">;

interface Cell {
  readonly counts: number[];
  readonly line: number;
  /** By option, the line that gave its count: a second count for the same option is an error. */
  readonly stated: Map<number, number>;
}

/** Counts by group and question, added up while rows are read. */
export class Tally {
  readonly groups = new Map<string, Map<string, Cell>>();
  readonly #options: ReadonlyMap<string, readonly string[]>;

  constructor(questionnaire: Questionnaire) {
    this.#options = new Map(questionnaire.questions.map(({ id, options }) => [id, options]));
  }

  /** Adds a row, or says what is wrong with it. */
  add(row: AnswerRow): RowProblem | null {
    const options = this.#options.get(row.question);
    if (options === undefined)
      return {
        column: "question",
        message: `There is no question ${shown(row.question)} in the questionnaire.`,
      };
    if (row.group.length === 0 || row.group.length > 128)
      return { column: "group", message: "A group's id has 1 to 128 characters." };
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(row.group))
      return {
        column: "group",
        message: `${shown(row.group)} holds a control character: a group's id is one line of text.`,
      };
    const cell = this.#cell(row, options.length);
    return "counts" in row ? addAll(cell, row.counts, row.line) : addOne(cell, row, options);
  }

  /** A question whose options all have the count 0 was not asked, and must be left out. */
  unanswered(): AnswersProblem | null {
    for (const [group, cells] of this.groups)
      for (const [question, { counts, line }] of cells)
        if (counts.every((count) => count === 0))
          return {
            line,
            column: null,
            message: `Group ${shown(group)} has no respondents for ${question}: leave the question out.`,
          };
    return null;
  }

  answers(): AnswerSet {
    const groups = [...this.groups].map(([id, cells]) => ({
      id,
      label: id,
      answers: [...cells].map(([question, { counts }]) => ({ question, counts })),
    }));
    return { version: 1, groups };
  }

  #cell({ group, question, line }: AnswerRow, options: number): Cell {
    const cells = this.groups.get(group) ?? new Map<string, Cell>();
    this.groups.set(group, cells);
    const cell = cells.get(question) ?? {
      counts: new Array(options).fill(0),
      line,
      stated: new Map(),
    };
    cells.set(question, cell);
    return cell;
  }
}

function addAll(cell: Cell, counts: readonly number[], line: number): RowProblem | null {
  if (cell.line !== line)
    return {
      column: "question",
      message: `This group's answers to this question were already given in line ${cell.line}.`,
    };
  if (counts.length !== cell.counts.length)
    return {
      column: "counts",
      message: `There are ${counts.length} counts for ${cell.counts.length} options.`,
    };
  const wrong = counts.findIndex((count) => !isCount(count));
  if (wrong >= 0)
    return {
      column: "counts",
      message: `${shown(counts[wrong])} at position ${wrong} is not a count.`,
    };
  counts.forEach((count, option) => {
    cell.counts[option] = count;
    cell.stated.set(option, line);
  });
  return null;
}

function addOne(
  cell: Cell,
  row: Extract<AnswerRow, { option: unknown }>,
  options: readonly string[],
): RowProblem | null {
  const option = optionIndex(row.option, options);
  if (option === null)
    return {
      column: "option",
      message: `${shown(row.option)} is not an option of ${row.question}: give its index, 0 to ${options.length - 1}, or one of ${options.slice(0, 10).map(shown).join(", ")}.`,
    };
  if (row.count !== null) {
    const count = typeof row.count === "string" ? numberOf(row.count) : row.count;
    if (!isCount(count))
      return {
        column: "count",
        message: `${shown(row.count)} is not a count: give a whole number of respondents.`,
      };
    const before = cell.stated.get(option);
    if (before !== undefined)
      return {
        column: "option",
        message: `This option's count was already given in line ${before}.`,
      };
    if (cell.counts[option] !== 0)
      return {
        column: "count",
        message: "Earlier lines list the respondents of this option one by one.",
      };
    cell.stated.set(option, row.line);
    cell.counts[option] = count;
    return null;
  }
  const before = cell.stated.get(option);
  if (before !== undefined)
    return {
      column: "option",
      message: `This option's count was already given in line ${before}.`,
    };
  cell.counts[option] = cell.counts[option]! + 1;
  return null;
}

/** Looks for the text first: an option whose text is a number means itself. */
function optionIndex(given: string | number, options: readonly string[]): number | null {
  if (typeof given === "number") return options[given] === undefined ? null : given;
  const wanted = given.trim().toLowerCase();
  const byText = options.findIndex((option) => option.trim().toLowerCase() === wanted);
  if (byText >= 0) return byText;
  const index = numberOf(given);
  return options[index] === undefined ? null : index;
}

function numberOf(text: string): number {
  return /^[0-9]{1,10}$/.test(text.trim()) ? Number(text) : Number.NaN;
}

function isCount(value: unknown): value is number {
  return (
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= LARGEST_COUNT
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
