import { canonicalText, quotedText, sha256, toHex } from "@plenary/protocol";
import { type Table, type TableRow, UnreadableTable } from "../tables/index.ts";
import { textsOf } from "./codebook.ts";
import { type Literal, readLiteral } from "./literal.ts";
import { columnKey } from "./mapping.ts";

/** Where the columns of such a table are, -1 if it has none. */
interface ListColumns {
  readonly id: number;
  readonly text: number;
  readonly options: number;
  readonly selections: number;
  readonly attribute: number;
  readonly group: number;
}

const COLUMNS = ["question", "text", "group", "option", "share"].map((name) => ({ name }));

/**
 * A table with a row for each question and lists in its cells, as one with a row for each option
 * and its share: GlobalOpinionQA (`question`, `selections` with a list of shares for each country,
 * `options`; Durmus et al. 2023) and SubPOP (`qkey`, `question`, `options`, `responses`,
 * `attribute`, `group`; Suh et al. 2025). Null if the table is of another kind.
 */
export function listTable(table: Table): Table | null {
  const names = table.columns.map(({ name }) => columnKey(name));
  const place = (...wanted: string[]) => names.findIndex((name) => wanted.includes(name));
  const columns: ListColumns = {
    id: place("qkey", "key", "id"),
    text: place("question"),
    options: place("options"),
    selections: place("selections", "responses"),
    attribute: place("attribute"),
    group: place("group"),
  };
  if (columns.text < 0 || columns.options < 0 || columns.selections < 0) return null;
  const used = new Set(Object.values(columns));
  const unused = table.columns.filter((_, at) => !used.has(at)).map(({ name }) => name);
  const note = {
    line: table.headerLine,
    column: null,
    message: `Of this format these columns are not used: ${unused.join(", ")}.`,
  };
  return {
    format: `${table.format}, with lists of options and shares`,
    columns: COLUMNS,
    headerLine: table.headerLine,
    notes: [...table.notes, ...(unused.length > 0 ? [note] : [])],
    async *batches() {
      for await (const rows of table.batches()) yield rows.flatMap((row) => expanded(row, columns));
    },
  };
}

function expanded({ line, cells }: TableRow, columns: ListColumns): TableRow[] {
  const cell = (place: number) => (place < 0 ? "" : (cells[place] ?? ""));
  const options = textsOf(readLiteral(cell(columns.options)));
  const text = cell(columns.text);
  const id = cell(columns.id).trim() || idOf(text, options);
  if (options.length === 0) throw refused(line, "options", "This cell is not a list of texts.");
  const name = [cell(columns.attribute), cell(columns.group)].filter((part) => part.trim() !== "");
  return groupsOf(readLiteral(cell(columns.selections)), name.join(": "), line).flatMap(
    ([group, shares]) => {
      if (shares.length !== options.length)
        throw refused(
          line,
          "options",
          `There are ${options.length} options, and ${shares.length} shares of ${quotedText(group)}.`,
        );
      return options.map((option, at) => ({
        line,
        cells: [id, text, group, option, String(shares[at] ?? 0)],
      }));
    },
  );
}

/** Shares by group: a dictionary has the groups itself, a list is the row's group's. */
function groupsOf(
  value: Literal | undefined,
  group: string,
  line: number,
): (readonly [string, readonly number[]])[] {
  const lists: (readonly [string, Literal])[] =
    typeof value === "object" && value !== null && "entries" in value && !Array.isArray(value)
      ? (value as { entries: readonly (readonly [Literal, Literal])[] }).entries.map(
          ([key, list]) => [String(key), list] as const,
        )
      : value === undefined
        ? []
        : [[group, value]];
  const shares = lists.flatMap(([name, list]) => {
    if (!Array.isArray(list)) return [];
    const numbers = list.map((share: Literal) => (share === null ? 0 : Number(share)));
    return numbers.every((share) => share >= 0) ? [[name, numbers] as const] : [];
  });
  if (shares.length === 0 || shares.length !== lists.length || shares.some(([name]) => name === ""))
    throw refused(line, "selections", "This cell does not hold lists of shares for groups.");
  return shares;
}

/** Questions of GlobalOpinionQA have no ids: theirs follows from the wording. */
function idOf(text: string, options: readonly string[]): string {
  const wording = [text, ...options].map(canonicalText).join("\n");
  return `q-${toHex(sha256(new TextEncoder().encode(wording))).slice(0, 12)}`;
}

function refused(line: number, column: string, message: string): UnreadableTable {
  return new UnreadableTable({ line, column, message });
}
