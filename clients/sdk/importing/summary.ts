import type { FileProblem } from "../tables/index.ts";
import type { FoundGroup } from "./group-rule.ts";
import type { Measure } from "./measure.ts";
import type { FoundOptions, Resolved } from "./options-of.ts";

/** How a file was read. */
export interface ReadFile {
  readonly file: string;
  readonly format: string;
  readonly layout: "wide" | "long";
  readonly rows: number;
  /** Rows whose weight is 0 or blank. */
  readonly withoutWeight: number;
  readonly withoutGroup: readonly { readonly grouping: string; readonly rows: number }[];
  readonly groupColumns: readonly (readonly string[])[];
  readonly measure: { readonly kind: Measure["kind"]; readonly column: string | null };
  readonly ignored: readonly string[];
  readonly notes: readonly FileProblem[];
}

/** What was understood of a question. Numbers are respondents, or sums of their weights. */
export interface QuestionSummary {
  readonly id: string;
  readonly options: readonly string[];
  readonly order: FoundOptions["order"];
  readonly answered: number;
  /** By missing value, how often it occurred. */
  readonly missing: readonly { readonly value: string; readonly count: number }[];
  readonly blank: number;
  /** Groups that were left out because too few of their respondents answered. */
  readonly small: number;
}

export interface ImportSummary {
  readonly files: readonly ReadFile[];
  readonly groups: readonly FoundGroup[];
  readonly questions: readonly QuestionSummary[];
}

export function summaryOf(
  files: readonly ReadFile[],
  groups: readonly FoundGroup[],
  resolved: readonly Resolved[],
): ImportSummary {
  return { files, groups, questions: resolved.map(questionSummary) };
}

function questionSummary({ tally, found }: Resolved): QuestionSummary {
  const totals = tally.names.values.map((_, slot) =>
    tally.groups.reduce((sum, counts) => sum + (counts?.sums[slot] ?? 0), 0),
  );
  const kept = totals.filter((_, slot) => (found.optionOf[slot] ?? -1) >= 0);
  return {
    id: tally.definition.id,
    options: found.options,
    order: found.order,
    answered: kept.reduce((sum, total) => sum + total, 0),
    missing: tally.names.values.flatMap(({ text, missing }, slot) =>
      missing ? [{ value: text, count: totals[slot] ?? 0 }] : [],
    ),
    blank: tally.blank,
    small: tally.small,
  };
}
