import type { AnswerSet } from "@plenary/protocol";
import { type Table, UnreadableTable } from "../tables/index.ts";
import { cellCounts } from "./cells.ts";
import { Columns } from "./columns.ts";
import { Groups, groupRule } from "./group-rule.ts";
import type { ImportOptions } from "./import-options.ts";
import { listTable } from "./list-table.ts";
import { longColumns, readLong } from "./long.ts";
import { type Measure, measureOf } from "./measure.ts";
import { optionsOf, type Resolved } from "./options-of.ts";
import { type ImportProblem, Problems, TooManyProblems } from "./problems.ts";
import { Questions } from "./questions.ts";
import { type ImportSummary, type ReadFile, summaryOf } from "./summary.ts";
import { questionColumns, type RowCounts, readWide } from "./wide.ts";

/** A question as it was found in a file, for a questionnaire. */
export interface FoundQuestion {
  readonly id: string;
  readonly text: string;
  readonly options: readonly string[];
  readonly family: string;
}

/** What an import understood: answers and questions, or the problems that keep it from them. */
export interface ImportResult {
  /** Null if there are problems. */
  readonly answers: AnswerSet | null;
  readonly questions: readonly FoundQuestion[];
  readonly problems: readonly ImportProblem[];
  readonly summary: ImportSummary;
}

/**
 * Makes answers out of the tables of an institute. Rows are added up while they are read, so that
 * memory grows with groups, questions and options alone. Nothing is guessed: what a table does not
 * say and `ImportOptions` leave out becomes a problem that asks for it.
 */
export class Importer {
  readonly #options: ImportOptions;
  readonly #problems = new Problems();
  readonly #groups = new Groups(this.#problems);
  readonly #questions: Questions;
  readonly #files: ReadFile[] = [];
  #kind: Measure["kind"] = "respondent";

  constructor(options: ImportOptions) {
    this.#options = options;
    this.#questions = new Questions(options, this.#problems);
  }

  /** Reads a table; `open` may throw `UnreadableTable`. */
  async add(file: string, open: () => Promise<Table>): Promise<void> {
    this.#problems.file = file;
    try {
      await this.#read(file, await open());
    } catch (error) {
      if (error instanceof UnreadableTable) this.#problems.list.push({ file, ...error.problem });
      else if (!(error instanceof TooManyProblems)) throw error;
    }
  }

  async #read(file: string, opened: Table): Promise<void> {
    const problems = this.#problems;
    const lists = listTable(opened);
    const table = lists ?? opened;
    const options = lists === null ? this.#options : { ...this.#options, share: "share" };
    const columns = new Columns(table, problems);
    const long = columns.find("question") !== undefined && columns.find("option") !== undefined;
    const layout = options.layout ?? (long ? "long" : "wide");
    const ignored = (options.ignoreColumns ?? []).flatMap((name) => columns.use(name) ?? []);
    const groupings =
      layout === "long" && options.groupName === undefined && columns.find("group")
        ? (options.groupings ?? [["group"]])
        : options.groupings;
    const rule = groupRule({ ...options, groupings }, columns, this.#groups, problems);
    const measure = measureOf(options, columns, layout);
    const asked = layout === "wide" ? questionColumns(options, columns) : [];
    const named = layout === "long" ? longColumns(options, columns) : null;
    if (rule === null || measure === null || problems.list.length > 0) return;
    if (this.#files.some(({ measure: before }) => before.kind !== measure.kind)) {
      const message = "This file's rows count for something else than the other files' rows.";
      problems.add({ line: table.headerLine, column: null, message });
      return;
    }
    this.#kind = measure.kind;
    const read =
      named === null
        ? readWide(table, asked, rule, measure, this.#questions, problems)
        : readLong(table, named, rule, measure, options, this.#questions, problems);
    const counts: RowCounts = await read;
    this.#files.push({
      file,
      format: table.format,
      layout,
      ...counts,
      withoutGroup: rule.dropped,
      groupColumns: groupings ?? [],
      measure: { kind: measure.kind, column: measure.column?.name ?? null },
      ignored: [...ignored, ...columns.unused()].map(({ name }) => name),
      notes: table.notes,
    });
  }

  /** What all tables came to. */
  finish(): ImportResult {
    try {
      return this.#result();
    } catch (error) {
      if (!(error instanceof TooManyProblems)) throw error;
      return this.#refused([]);
    }
  }

  #result(): ImportResult {
    if (this.#problems.list.length > 0) return this.#refused([]);
    const resolved = [...this.#questions.found.values()].flatMap((tally): Resolved[] => {
      const found = optionsOf(tally, this.#problems);
      return found === null ? [] : [{ tally, found }];
    });
    const answers = this.#answers(resolved);
    const empty = answers.groups.length === 0;
    if (empty && this.#problems.list.length === 0)
      this.#problems.add({ line: 1, column: null, message: "There are no answers." });
    if (this.#problems.list.length > 0) return this.#refused(resolved);
    return { ...this.#refused(resolved), answers };
  }

  #refused(resolved: readonly Resolved[]): ImportResult {
    const questions = resolved.map(({ tally: { definition }, found }) => ({
      id: definition.id,
      text: definition.text,
      options: found.options,
      family: definition.family,
    }));
    const summary = summaryOf(this.#files, this.#groups.found, resolved);
    return { answers: null, questions, problems: this.#problems.list, summary };
  }

  #answers(resolved: readonly Resolved[]): AnswerSet {
    const least = this.#options.smallestCell ?? 1;
    const groups = this.#groups.found.map(({ name }, number) => ({
      id: name,
      label: name,
      answers: resolved.flatMap(({ tally, found }) => {
        const counts = cellCounts(tally, found, { name, number }, this.#kind, this.#problems);
        const respondents = counts.reduce((sum, count) => sum + count, 0);
        if (respondents === 0) return [];
        if (respondents < least) tally.small += 1;
        return respondents < least ? [] : [{ question: tally.definition.id, counts }];
      }),
    }));
    return { version: 1, groups: groups.filter(({ answers }) => answers.length > 0) };
  }
}
