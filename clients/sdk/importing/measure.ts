import { quotedText } from "@plenary/protocol";
import { isCount, wholeNumberOf } from "../tables/index.ts";
import type { Columns, PlacedColumn } from "./columns.ts";
import type { ImportOptions } from "./import-options.ts";
import type { Problems } from "./problems.ts";

/** What a row counts for. */
export interface Measure {
  readonly kind: "respondent" | "count" | "weight" | "share" | "weighted-count";
  readonly column: PlacedColumn | null;
  /** With shares: respondents of group and question. */
  readonly respondents: PlacedColumn | number | null;
}

/** The measure that the options name. Null, and a problem, if they contradict or lack something. */
export function measureOf(
  options: ImportOptions,
  columns: Columns,
  layout: "wide" | "long",
): Measure | null {
  const named = [
    ["count", options.count],
    ["weight", options.weight],
    ["share", options.share],
    ["weighted-count", options.weightedCount],
  ] as const;
  const given = named.filter(([, name]) => name !== undefined);
  const implied = layout === "long" && given.length === 0 && columns.find("count");
  if (implied) return { kind: "count", column: columns.use("count"), respondents: null };
  if (given.length > 1) {
    columns.problem(null, "A row has one of a count, a weight and a share.", "name-measure");
    return null;
  }
  const [[kind, name] = ["respondent", undefined] as const] = given;
  const column = name === undefined ? null : columns.use(name);
  if (name !== undefined && column === null) return null;
  if (kind !== "share" && kind !== "weighted-count") return { kind, column, respondents: null };
  if (layout === "wide") {
    columns.problem(name ?? null, "A file with a row for each respondent has no shares.");
    return null;
  }
  return withRespondents(options, columns, { kind, column, respondents: null });
}

function withRespondents(
  { respondents }: ImportOptions,
  columns: Columns,
  measure: Measure,
): Measure | null {
  if (respondents === undefined) {
    const message =
      "How many respondents are behind the shares? Training weighs by numbers of respondents.";
    columns.problem(measure.column?.name ?? null, message, "name-respondents");
    return null;
  }
  const number = wholeNumberOf(respondents);
  if (!Number.isNaN(number)) return { ...measure, respondents: number };
  const column = columns.use(respondents);
  return column === null ? null : { ...measure, respondents: column };
}

/** The number in a cell of the measure's column; null, and a problem, if there is none. */
export function amountOf(
  kind: Measure["kind"],
  column: PlacedColumn,
  cell: string,
  line: number,
  problems: Problems,
): number | null {
  const text = cell.trim();
  if (kind === "count") {
    const count = wholeNumberOf(text);
    if (isCount(count)) return count;
  } else if (/^\d*[.,]?\d+(?:[eE]-?\d{1,2})?%?$/.test(text)) {
    const number = Number(text.replace("%", "").replace(",", "."));
    if (Number.isFinite(number) && number < 2 ** 31) return number;
  }
  problems.add({
    line,
    column: column.name,
    message:
      kind === "count"
        ? `${quotedText(cell)} is not a count, which is a whole number of respondents. Are these weighted counts or shares?`
        : `${quotedText(cell)} is not a number from 0.`,
    remedy: kind === "count" ? "name-measure" : "ignore-column",
  });
  return null;
}
