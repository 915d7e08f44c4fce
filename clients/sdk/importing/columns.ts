import { hasControlCharacter, quotedText } from "@plenary/protocol";
import type { Table, TableColumn } from "../tables/index.ts";
import { columnKey } from "./mapping.ts";
import type { Problems } from "./problems.ts";

/** A column with its place in the rows. */
export interface PlacedColumn extends TableColumn {
  readonly place: number;
}

/** The columns of a table, by name, and what each is used for. */
export class Columns {
  readonly all: readonly PlacedColumn[];
  readonly #line: number;
  readonly #problems: Problems;
  readonly #byKey = new Map<string, PlacedColumn>();
  readonly #used = new Set<number>();

  constructor(table: Pick<Table, "columns" | "headerLine">, problems: Problems) {
    this.all = table.columns.map((column, place) => ({ ...column, place }));
    this.#line = table.headerLine;
    this.#problems = problems;
    for (const column of this.all) this.#register(column);
  }

  #register(column: PlacedColumn): void {
    if (hasControlCharacter(column.name)) {
      const message = `The name ${quotedText(column.name)} holds a control character: remove it.`;
      this.problem(`column ${column.place + 1}`, message);
    }
    const before = this.#byKey.get(columnKey(column.name));
    if (before === undefined) this.#byKey.set(columnKey(column.name), column);
    else
      this.problem(
        column.name,
        `The columns ${before.place + 1} and ${column.place + 1} have one name, ${quotedText(column.name)}: rename one.`,
      );
  }

  /** The column of that name, if there is one. */
  find(name: string): PlacedColumn | undefined {
    return this.#byKey.get(columnKey(name));
  }

  /** The named column, now in use. Null, and a problem, if there is none. */
  use(name: string): PlacedColumn | null {
    const column = this.find(name);
    if (column === undefined) {
      const names = this.all.slice(0, 10).map((other) => quotedText(other.name));
      const more = this.all.length > 10 ? ", ..." : "";
      this.problem(
        name,
        `There is no column ${quotedText(name)}: there are ${names.join(", ")}${more}.`,
      );
      return null;
    }
    this.#used.add(column.place);
    return column;
  }

  unused(): readonly PlacedColumn[] {
    return this.all.filter(({ place }) => !this.#used.has(place));
  }

  problem(
    column: string | null,
    message: string,
    remedy?: Parameters<Problems["add"]>[0]["remedy"],
  ) {
    this.#problems.add({ line: this.#line, column, message, ...(remedy && { remedy }) });
  }
}
