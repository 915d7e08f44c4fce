import { hasControlCharacter, quotedText, tidyText } from "@plenary/protocol";
import type { Table } from "../tables/index.ts";
import type { Columns, PlacedColumn } from "./columns.ts";
import type { GroupRule } from "./group-rule.ts";
import type { ImportOptions } from "./import-options.ts";
import { amountOf, type Measure } from "./measure.ts";
import type { Problems } from "./problems.ts";
import type { QuestionTally } from "./question-tally.ts";
import type { Questions } from "./questions.ts";
import { BLANK, REFUSED } from "./value-names.ts";
import type { RowCounts } from "./wide.ts";

/** The columns of a file with a row for each answer. */
export interface LongColumns {
  readonly question: PlacedColumn;
  readonly option: PlacedColumn;
  /** The wording of the questions, if there is such a column. */
  readonly text: PlacedColumn | null;
}

export function longColumns(options: ImportOptions, columns: Columns): LongColumns | null {
  const question = columns.use("question");
  const option = columns.use("option");
  const text = columns.find("text") === undefined ? null : columns.use("text");
  for (const { name } of options.ignoreOthers ? [] : columns.unused())
    columns.problem(name, "What is this column? Nothing names it.", "name-measure");
  return question === null || option === null ? null : { question, option, text };
}

/** Reads a table with one row an answer, or one row an option with its count or share. */
export async function readLong(
  table: Table,
  columns: LongColumns,
  rule: GroupRule,
  measure: Measure,
  options: ImportOptions,
  found: Questions,
  problems: Problems,
): Promise<RowCounts> {
  const reader = new LongReader(columns, rule, measure, options, found, problems);
  for await (const rows of table.batches())
    for (const { line, cells } of rows) reader.add(cells, line);
  return reader.counts;
}

class LongReader {
  readonly counts: RowCounts = { rows: 0, withoutWeight: 0 };
  readonly #tallies = new Map<string, QuestionTally | null>();
  readonly #columns: LongColumns;
  readonly #rule: GroupRule;
  readonly #measure: Measure;
  readonly #options: ImportOptions;
  readonly #found: Questions;
  readonly #problems: Problems;

  constructor(
    columns: LongColumns,
    rule: GroupRule,
    measure: Measure,
    options: ImportOptions,
    found: Questions,
    problems: Problems,
  ) {
    this.#columns = columns;
    this.#rule = rule;
    this.#measure = measure;
    this.#options = options;
    this.#found = found;
    this.#problems = problems;
  }

  add(cells: readonly string[], line: number): void {
    this.counts.rows += 1;
    const { question, text } = this.#columns;
    const wording = text === null ? undefined : tidyText(cells[text.place] ?? "");
    const tally = this.#tallyOf(cells[question.place] ?? "", line, wording);
    if (tally === null) return;
    const slot = tally.names.slotOf(cells[this.#columns.option.place] ?? "", line);
    if (slot === BLANK) tally.blank += 1;
    if (slot === BLANK || slot === REFUSED) return;
    const { kind, column } = this.#measure;
    const groups = this.#rule.groupsOf(cells, line);
    const amount =
      column === null ? 1 : amountOf(kind, column, cells[column.place] ?? "", line, this.#problems);
    if (amount === null) return;
    if (amount === 0 && kind === "weight") this.counts.withoutWeight += 1;
    const each = kind === "respondent" || kind === "weight";
    for (const group of groups)
      if (each) tally.addAnswer(group, slot, amount);
      else {
        tally.addCount(group, slot, amount, line, this.#options.sumDuplicates === true);
        this.#addRespondents(tally, group, cells, line);
      }
  }

  #tallyOf(cell: string, line: number, wording?: string): QuestionTally | null {
    const known = this.#tallies.get(cell);
    if (known !== undefined) return known;
    const name = tidyText(cell);
    const wrong = name === "" || hasControlCharacter(cell.trim());
    if (wrong)
      this.#problems.add({
        line,
        column: this.#columns.question.name,
        message:
          name === ""
            ? "Which question is this an answer to? The cell is blank."
            : `${quotedText(cell)} holds a control character: remove it.`,
      });
    const tally = wrong
      ? null
      : this.#found.tallyOf(name, line, { name, ...(wording && { label: wording }) });
    this.#tallies.set(cell.split("").join(""), tally);
    return tally;
  }

  /** Respondents of group and question: the same in each of its rows. */
  #addRespondents(
    tally: QuestionTally,
    group: number,
    cells: readonly string[],
    line: number,
  ): void {
    const { respondents } = this.#measure;
    if (respondents === null) return;
    const counts = tally.countsOf(group);
    const given =
      typeof respondents === "number"
        ? respondents
        : amountOf("count", respondents, cells[respondents.place] ?? "", line, this.#problems);
    if (given === null) return;
    if (counts.respondents !== null && counts.respondents !== given)
      this.#problems.add({
        line,
        column: typeof respondents === "number" ? null : respondents.name,
        message: `There are ${given} respondents here, and ${counts.respondents} in an earlier row of this group and question.`,
      });
    counts.respondents = given;
  }
}
