import { canonicalText, PlenaryError, parserOf } from "@plenary/protocol";
import Type from "typebox";
import { csvRows, isBlankRow, UnreadableTable } from "../tables/index.ts";
import { codebookRow } from "./codebook.ts";
import type { MappedColumn } from "./mapped-column.ts";
import { codeOf } from "./value-names.ts";

/** A codebook: by the comparable name of the column. */
export type Mapping = ReadonlyMap<string, MappedColumn>;

const parseMapping = parserOf(
  Type.Object(
    {
      columns: Type.Array(
        Type.Object(
          {
            column: Type.String({ minLength: 1 }),
            id: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
            text: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
            family: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
            options: Type.Optional(
              Type.Union([
                Type.Array(Type.String({ minLength: 1, maxLength: 1024 })),
                Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 1024 })),
              ]),
            ),
            missing: Type.Optional(Type.Array(Type.String())),
          },
          { additionalProperties: false },
        ),
      ),
    },
    { additionalProperties: false },
  ),
  "The mapping",
);

/** The form in which names of columns are compared. */
export function columnKey(name: string): string {
  return canonicalText(name).toLowerCase();
}

/** Reads a mapping: JSON if it starts with a brace, or else CSV. Throws `invalid-input`. */
export function readMapping(text: string): Mapping {
  const entries = /^[\s\ufeff]*\{/.test(text) ? jsonEntries(text) : csvEntries(text);
  const mapping = new Map<string, MappedColumn>();
  for (const entry of entries) {
    const key = columnKey(entry.column);
    if (mapping.has(key)) throw refused(`The mapping describes ${entry.column} twice.`);
    mapping.set(key, entry);
  }
  return mapping;
}

function jsonEntries(text: string): MappedColumn[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    throw refused("The mapping is not valid JSON.");
  }
  return parseMapping(value).columns.map(({ options, ...rest }) => ({
    ...rest,
    ...(Array.isArray(options)
      ? { options }
      : options && { labels: byCode(Object.entries(options)) }),
  }));
}

/** Labels in the order of their codes. */
function byCode(entries: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  const coded = entries.map(([code, label]) => [codeOf(code.trim()) ?? code, label] as const);
  return new Map(coded.toSorted(([a], [b]) => Number(a) - Number(b) || 0));
}

/**
 * CSV with the columns column, question, text, family, code and option, of which column is needed:
 * one row for each code. A code without an option is a missing answer. The information files of
 * OpinionQA, with the columns key, question, references and option_mapping, are read too.
 */
function csvEntries(text: string): MappedColumn[] {
  const [header, ...rows] = rowsOf(text);
  const names = (header ?? []).map(columnKey);
  const records = rows.map((cells) => new Map(names.map((name, i) => [name, cells[i] ?? ""])));
  if (names.includes("key") && names.includes("references")) return records.map(codebookRow);
  if (!names.includes("column"))
    throw refused("The mapping's first line must name the column `column`, or it is JSON.");
  const known = ["column", "question", "text", "family", "code", "option"];
  const unknown = names.find((name) => name !== "" && !known.includes(name));
  if (unknown !== undefined)
    throw refused(`The mapping has a column ${unknown}; its columns are ${known.join(", ")}.`);
  const byColumn = new Map<string, ReadonlyMap<string, string>[]>();
  for (const record of records) {
    const key = columnKey(record.get("column") ?? "");
    byColumn.set(key, [...(byColumn.get(key) ?? []), record]);
  }
  return [...byColumn.values()].map(mergedRows);
}

function mergedRows(records: readonly ReadonlyMap<string, string>[]): MappedColumn {
  const first = (name: string) =>
    records.map((record) => (record.get(name) ?? "").trim()).find((cell) => cell !== "");
  const pairs = records.map(
    (record) => [(record.get("code") ?? "").trim(), (record.get("option") ?? "").trim()] as const,
  );
  const labelled = pairs.filter(([code, option]) => code !== "" && option !== "");
  const options = pairs.filter(([code, option]) => code === "" && option !== "");
  const column = first("column") ?? "";
  if (labelled.length > 0 && options.length > 0)
    throw refused(`The mapping gives some options of ${column} with a code and some without.`);
  return {
    column,
    id: first("question"),
    text: first("text"),
    family: first("family"),
    ...(labelled.length > 0 && { labels: byCode(labelled) }),
    ...(options.length > 0 && { options: options.map(([, option]) => option) }),
    missing: pairs.flatMap(([code, option]) => (code !== "" && option === "" ? [code] : [])),
  };
}

function rowsOf(text: string): (readonly string[])[] {
  const body = text.replace(/^\ufeff/, "");
  const [first = ""] = body.split(/\r\n|\n|\r/, 1);
  const delimiter = first.includes(";") ? ";" : first.includes("\t") ? "\t" : ",";
  try {
    return csvRows(body, delimiter).flatMap(({ cells }) => (isBlankRow(cells) ? [] : [cells]));
  } catch (error) {
    if (!(error instanceof UnreadableTable)) throw error;
    throw refused(`Line ${error.problem.line} of the mapping: ${error.message}`);
  }
}

function refused(message: string): PlenaryError {
  return new PlenaryError("invalid-input", message, { field: "mapping" });
}
