import { canonicalText, quotedText } from "@plenary/protocol";
import type { Columns, PlacedColumn } from "./columns.ts";
import type { ImportOptions } from "./import-options.ts";
import type { Problems } from "./problems.ts";
import { BLANK, REFUSED, ValueNames } from "./value-names.ts";

/** More groups are respondents. */
const MOST_GROUPS = 10_000;
/** Row of a grouping that puts a respondent nowhere. */
const NOWHERE = -1;

interface GroupColumn {
  readonly column: PlacedColumn;
  readonly names: ValueNames;
  readonly labels: ReadonlyMap<string, string> | null;
  readonly bins: readonly number[] | null;
  readonly keepCodes: boolean;
}

interface Grouping {
  readonly title: string;
  readonly columns: readonly GroupColumn[];
  /** Number of the group by the slots of the columns. */
  readonly numbers: Map<string, number>;
}

/** A group that was found. */
export interface FoundGroup {
  readonly name: string;
  /** Rows of the group. */
  rows: number;
}

/** The groups of all files, numbered as they come. */
export class Groups {
  readonly found: FoundGroup[] = [];
  readonly #byName = new Map<string, number>();
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  numberOf(name: string, line: number): number {
    const known = this.#byName.get(canonicalText(name));
    if (known !== undefined) return known;
    if (name.length > 128)
      this.#problems.add({
        line,
        column: null,
        message: `The group ${quotedText(name)} has a longer name than 128 characters.`,
        remedy: "label-codes",
      });
    if (this.found.length >= MOST_GROUPS) {
      this.#problems.add({
        line,
        column: null,
        message: `Do these columns make groups? There are more than ${MOST_GROUPS}.`,
        remedy: "name-groups",
      });
      return 0;
    }
    this.#byName.set(canonicalText(name), this.found.length);
    return this.found.push({ name, rows: 0 }) - 1;
  }
}

/** Puts rows into groups. */
export class GroupRule {
  /** Rows that a grouping has no group for: a cell is blank or missing. */
  readonly dropped: { readonly grouping: string; rows: number }[];
  readonly #groupings: readonly Grouping[];
  readonly #constant: number | null;
  readonly #groups: Groups;
  readonly #problems: Problems;

  constructor(
    groupings: readonly Grouping[],
    constant: string | undefined,
    groups: Groups,
    problems: Problems,
  ) {
    this.#groupings = groupings;
    this.#groups = groups;
    this.#problems = problems;
    this.dropped = groupings.map(({ title }) => ({ grouping: title, rows: 0 }));
    this.#constant = constant === undefined ? null : groups.numberOf(constant, 1);
  }

  /** Numbers of the row's groups. */
  groupsOf(cells: readonly string[], line: number): readonly number[] {
    if (this.#constant !== null) {
      this.#groups.found[this.#constant]!.rows += 1;
      return [this.#constant];
    }
    return this.#groupings.flatMap((grouping, place) => {
      const number = this.#groupOf(grouping, cells, line);
      if (number === NOWHERE) {
        this.dropped[place]!.rows += 1;
        return [];
      }
      this.#groups.found[number]!.rows += 1;
      return [number];
    });
  }

  #groupOf({ columns, numbers, title }: Grouping, cells: readonly string[], line: number): number {
    let key = "";
    for (const { names, column } of columns) {
      const slot = names.slotOf(cells[column.place] ?? "", line);
      if (slot === BLANK || slot === REFUSED || names.values[slot]?.missing) return NOWHERE;
      key += `${slot} `;
    }
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const parts = columns.map((column) => this.#partOf(column, cells, line));
    const prefix = this.#groupings.length > 1 ? `${title}: ` : "";
    const number = parts.includes(null)
      ? NOWHERE
      : this.#groups.numberOf(prefix + parts.join(", "), line);
    numbers.set(key, number);
    return number;
  }

  /** What one column adds to the group's name. */
  #partOf(group: GroupColumn, cells: readonly string[], line: number): string | null {
    const { column, names, labels, bins, keepCodes } = group;
    const value = names.values[names.slotOf(cells[column.place] ?? "", line)];
    if (value === undefined) return null;
    if (bins !== null) return this.#binOf(value.text, bins, column.name, line);
    const label = value.code === null ? undefined : labels?.get(value.code);
    if (label !== undefined) return label;
    if (value.code === null || keepCodes) return value.text;
    this.#problems.add({
      line,
      column: column.name,
      message: `What does the code ${value.code} of ${quotedText(column.name)} mean? Groups are called by labels.`,
      remedy: "label-codes",
    });
    return null;
  }

  #binOf(text: string, bins: readonly number[], column: string, line: number): string | null {
    const number = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    const bin = bins.findLastIndex((start) => number >= start);
    if (Number.isNaN(number))
      this.#problems.add({
        line,
        column,
        message: `Where does ${quotedText(text)} belong? The bins of this column take numbers; a value may also be missing.`,
        remedy: "name-missing",
      });
    if (bin < 0) return null;
    const next = bins[bin + 1];
    if (next === undefined) return `${bins[bin]}+`;
    return next - 1 === bins[bin] ? `${bins[bin]}` : `${bins[bin]}-${next - 1}`;
  }
}

/** The rule that the options ask for. Problems are added where they do not fit the columns. */
export function groupRule(
  options: ImportOptions,
  columns: Columns,
  groups: Groups,
  problems: Problems,
): GroupRule | null {
  const { groupings = [], groupName } = options;
  if (groupings.length === 0 && groupName === undefined) {
    columns.problem(null, "Which groups do the respondents belong to?", "name-groups");
    return null;
  }
  const missing = missingTest(options.missing ?? []);
  const columnOf = (name: string): GroupColumn[] => {
    const column = columns.use(name);
    if (column === null) return [];
    const mapped = options.mapping?.get(canonicalText(name).toLowerCase());
    const own = missingTest([...(mapped?.missing ?? []), ...(column.missingCodes ?? [])]);
    const labels = mapped?.labels ?? column.valueLabels ?? null;
    const rules = {
      column: column.name,
      mergeLookAlikes: options.mergeLookAlikes === true,
      isMissing: (text: string, code: string | null) =>
        [text, code, labels?.get(code ?? "")].some(
          (form) => form != null && (missing(form) || own(form)),
        ),
    };
    return [
      {
        column,
        labels,
        names: new ValueNames(rules, problems),
        bins: findKey(options.bins ?? new Map<string, readonly number[]>(), name) ?? null,
        keepCodes: (options.keepCodes ?? []).some((kept) => sameName(kept, name)),
      },
    ];
  };
  const found = groupings.map((names) => ({
    title: names.join(" x "),
    columns: names.flatMap(columnOf),
    numbers: new Map<string, number>(),
  }));
  return new GroupRule(found, groupings.length === 0 ? groupName : undefined, groups, problems);
}

/** Whether a text or code is one of the given ones. */
export function missingTest(given: readonly string[]): (text: string) => boolean {
  const forms = new Set(given.map((text) => canonicalText(text).toLowerCase()));
  return (text) => forms.size > 0 && forms.has(canonicalText(text).toLowerCase());
}

export function sameName(a: string, b: string): boolean {
  return canonicalText(a).toLowerCase() === canonicalText(b).toLowerCase();
}

function findKey<Value>(map: ReadonlyMap<string, Value>, name: string): Value | undefined {
  return [...map].find(([key]) => sameName(key, name))?.[1];
}
