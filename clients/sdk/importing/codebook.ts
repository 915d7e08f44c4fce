import { type Literal, readLiteral } from "./literal.ts";
import type { MappedColumn } from "./mapped-column.ts";
import { codeOf } from "./value-names.ts";

/**
 * A row of OpinionQA's `info.csv`: key, question, `references` (a list of the options' texts) and,
 * where answers are coded, `option_mapping` (a dictionary from code to text).
 */
export function codebookRow(record: ReadonlyMap<string, string>): MappedColumn {
  const options = textsOf(readLiteral(record.get("references") ?? ""));
  const mapped = labelsOf(readLiteral(record.get("option_mapping") ?? ""));
  return {
    column: (record.get("key") ?? "").trim(),
    text: (record.get("question") ?? "").trim() || undefined,
    ...(mapped.size > 0 ? { labels: mapped } : options.length > 0 && { options }),
  };
}

/** The texts of a list. */
export function textsOf(value: Literal | undefined): string[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: Literal) => (typeof item === "string" ? item : String(item)));
}

function labelsOf(value: Literal | undefined): Map<string, string> {
  if (typeof value !== "object" || value === null || !("entries" in value)) return new Map();
  const dictionary = value as { entries: readonly (readonly [Literal, Literal])[] };
  return new Map(
    dictionary.entries.flatMap(([code, label]) =>
      typeof label === "string" ? [[codeOf(String(code)) ?? String(code), label] as const] : [],
    ),
  );
}
