import {
  type AnswerSet,
  canonicalText,
  hasControlCharacter,
  type Questionnaire,
  quotedText,
  tidyText,
} from "@plenary/protocol";
import { isCount, wholeNumberOf } from "../tables/index.ts";
import type { AnswerRow, AnswersProblem } from "./answer-rows.ts";
import { GroupNames } from "./group-names.ts";
import { OptionFinder } from "./option-finder.ts";

type RowProblem = Omit<AnswersProblem, "line">;

interface Question {
  readonly id: string;
  readonly options: OptionFinder;
}

interface Cell {
  readonly counts: number[];
  readonly line: number;
  /** By option, the line that gave its count: a second count for the same option is an error. */
  readonly stated: Map<number, number>;
}

/** Counts by group and question, added up while rows are read. */
export class Tally {
  readonly #names = new GroupNames();
  readonly #groups = new Map<string, Map<string, Cell>>();
  readonly #questions: ReadonlyMap<string, Question>;

  constructor(questionnaire: Questionnaire) {
    this.#questions = new Map(
      questionnaire.questions.map(({ id, options }) => [
        canonicalText(id),
        { id, options: new OptionFinder(options) },
      ]),
    );
  }

  get groupCount(): number {
    return this.#groups.size;
  }

  /** Names of groups that differ in nothing that is drawn, or in case alone. */
  warnings(): AnswersProblem[] {
    return this.#names.warnings();
  }

  /** Adds a row, or says what is wrong with it. */
  add(row: AnswerRow): RowProblem | null {
    const question = this.#questions.get(canonicalText(row.question));
    if (question === undefined)
      return {
        column: "question",
        message: `There is no question ${quotedText(row.question.trim())} in the questionnaire.`,
      };
    const group = tidyText(row.group);
    const problem = groupProblem(row.group.trim(), group);
    if (problem !== null) return { column: "group", message: problem };
    const cell = this.#cell(this.#names.key(group, row.group, row.line), question, row.line);
    return "counts" in row ? addAll(cell, row) : addOne(cell, row, question);
  }

  /** A question whose options all have the count 0 was not asked, and must be left out. */
  unanswered(): AnswersProblem | null {
    for (const [key, cells] of this.#groups)
      for (const [question, { counts, line }] of cells)
        if (counts.every((count) => count === 0))
          return {
            line,
            column: null,
            message: `Group ${quotedText(this.#names.nameOf(key))} has no respondents for ${question}: leave the question out.`,
          };
    return null;
  }

  answers(): AnswerSet {
    const groups = [...this.#groups].map(([key, cells]) => ({
      id: this.#names.nameOf(key),
      label: this.#names.nameOf(key),
      answers: [...cells].map(([question, { counts }]) => ({ question, counts })),
    }));
    return { version: 1, groups };
  }

  #cell(group: string, { id, options }: Question, line: number): Cell {
    const cells = this.#groups.get(group) ?? new Map<string, Cell>();
    this.#groups.set(group, cells);
    const empty = { counts: new Array(options.count).fill(0), line, stated: new Map() };
    const cell: Cell = cells.get(id) ?? empty;
    cells.set(id, cell);
    return cell;
  }
}

function groupProblem(given: string, tidy: string): string | null {
  if (hasControlCharacter(given))
    return `${quotedText(given)} holds a control character: a group's id is one line of text.`;
  return canonicalText(tidy) === "" || tidy.length > 128
    ? "A group's id has 1 to 128 characters."
    : null;
}

function addAll(
  cell: Cell,
  { counts, line }: Extract<AnswerRow, { counts: unknown }>,
): RowProblem | null {
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
      message: `${counts[wrong]} at position ${wrong} is not a count.`,
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
  { id, options }: Question,
): RowProblem | null {
  const option = options.find(row.option, id, row.line);
  if (typeof option === "object") return { column: "option", message: option.message };
  const before = cell.stated.get(option);
  if (before !== undefined)
    return {
      column: "option",
      message: `This option's count was already given in line ${before}.`,
    };
  if (row.count === null) {
    cell.counts[option] = cell.counts[option]! + 1;
    return null;
  }
  const count = typeof row.count === "string" ? wholeNumberOf(row.count) : row.count;
  if (!isCount(count)) {
    const shown = typeof row.count === "string" ? quotedText(row.count) : row.count;
    const message = `${shown} is not a count: give a whole number of respondents.`;
    return { column: "count", message };
  }
  if (cell.counts[option] !== 0)
    return {
      column: "count",
      message: "Earlier lines list the respondents of this option one by one.",
    };
  cell.stated.set(option, row.line);
  cell.counts[option] = count;
  return null;
}
