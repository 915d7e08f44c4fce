import type { Table } from "../tables/index.ts";
import { COUNT_LIKE, WEIGHT_LIKE } from "../tables/index.ts";
import type { Columns, PlacedColumn } from "./columns.ts";
import type { GroupRule } from "./group-rule.ts";
import type { ImportOptions } from "./import-options.ts";
import { columnKey } from "./mapping.ts";
import { amountOf, type Measure } from "./measure.ts";
import type { Problems } from "./problems.ts";
import type { QuestionTally } from "./question-tally.ts";
import type { Questions } from "./questions.ts";
import { BLANK, REFUSED } from "./value-names.ts";

/** How many rows were read, and which of them counted for nothing. */
export interface RowCounts {
  rows: number;
  withoutWeight: number;
}

/** The columns that are questions. What a column is for that nothing names is asked. */
export function questionColumns(options: ImportOptions, columns: Columns): PlacedColumn[] {
  const named = [...(options.questions ?? [])].flatMap((name) => columns.use(name) ?? []);
  const mapped = columns
    .unused()
    .filter(({ name }) => options.mapping?.has(columnKey(name)))
    .flatMap(({ name }) => columns.use(name) ?? []);
  const chosen = [...named, ...mapped];
  const rest = columns.unused();
  if (options.ignoreOthers) return chosen;
  for (const { name } of rest)
    if (chosen.length > 0)
      columns.problem(name, "What is this column? Nothing names it.", "ignore-others");
    else if (COUNT_LIKE.test(columnKey(name)) || WEIGHT_LIKE.test(columnKey(name)))
      columns.problem(
        name,
        "Is this a weight, a number of respondents, or neither?",
        "name-measure",
      );
  return chosen.length > 0 ? chosen : rest.flatMap(({ name }) => columns.use(name) ?? []);
}

interface AskedColumn {
  readonly place: number;
  readonly tally: QuestionTally;
}

/** Reads a table with one row a respondent. */
export async function readWide(
  table: Table,
  questions: readonly PlacedColumn[],
  rule: GroupRule,
  measure: Measure,
  found: Questions,
  problems: Problems,
): Promise<RowCounts> {
  const asked: AskedColumn[] = questions.flatMap((column) => {
    const tally = found.tallyOf(column.name, table.headerLine, column);
    return tally === null ? [] : [{ place: column.place, tally }];
  });
  const counts: RowCounts = { rows: 0, withoutWeight: 0 };
  for await (const rows of table.batches())
    for (const { line, cells } of rows) {
      counts.rows += 1;
      const weight = weightOf(measure, cells, line, problems);
      if (weight === 0) counts.withoutWeight += 1;
      else addRow(asked, rule.groupsOf(cells, line), cells, line, weight);
    }
  return counts;
}

function addRow(
  asked: readonly AskedColumn[],
  groups: readonly number[],
  cells: readonly string[],
  line: number,
  weight: number,
): void {
  for (const { place, tally } of asked) {
    const slot = tally.names.slotOf(cells[place] ?? "", line);
    if (slot === BLANK) tally.blank += 1;
    else if (slot !== REFUSED) for (const group of groups) tally.addAnswer(group, slot, weight);
  }
}

/** What the row counts for; a blank weight is 0. */
function weightOf(
  { kind, column }: Measure,
  cells: readonly string[],
  line: number,
  problems: Problems,
): number {
  if (column === null) return 1;
  const cell = cells[column.place] ?? "";
  return cell.trim() === "" ? 0 : (amountOf(kind, column, cell, line, problems) ?? 0);
}
