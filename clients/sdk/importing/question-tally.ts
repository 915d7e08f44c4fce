import { quotedText } from "@plenary/protocol";
import type { Problems } from "./problems.ts";
import { ValueNames, type ValueRules } from "./value-names.ts";

/** What a question's definition says; what it leaves out follows from the answers. */
export interface QuestionDefinition {
  readonly id: string;
  readonly text: string;
  readonly family: string;
  /** The header of its column, or its name in the column `question`. */
  readonly column: string;
  /** Labels by code, in the order of the options. */
  readonly labels: ReadonlyMap<string, string> | null;
  /** The options in order, where they have no codes. */
  readonly options: readonly string[] | null;
  /** Numbers are the texts of options. */
  readonly keepCodes: boolean;
}

/** Answers of one group to one question, by value. */
export interface ValueCounts {
  /** Sums of weights. */
  readonly sums: number[];
  /** Sums of squared weights, over all values that are not missing. */
  squares: number;
  /** Where each value's count was given, in files that give counts. */
  readonly lines: number[];
  /** Respondents as the file says, for shares. */
  respondents: number | null;
}

/** The answers to one question while rows are read, by group. */
export class QuestionTally {
  readonly definition: QuestionDefinition;
  readonly names: ValueNames;
  /** By number of the group. */
  readonly groups: (ValueCounts | undefined)[] = [];
  /** Rows without an answer. */
  blank = 0;
  /** Groups that were left out because too few of their respondents answered. */
  small = 0;
  readonly #problems: Problems;

  constructor(definition: QuestionDefinition, rules: ValueRules, problems: Problems) {
    this.definition = definition;
    this.names = new ValueNames(rules, problems);
    this.#problems = problems;
  }

  /** One respondent's answer. */
  addAnswer(group: number, slot: number, weight: number): void {
    const counts = this.countsOf(group);
    counts.sums[slot] = (counts.sums[slot] ?? 0) + weight;
    if (this.names.values[slot]?.missing === false) counts.squares += weight * weight;
  }

  /** The number of respondents (or the share of them) that gave an answer; once for each. */
  addCount(group: number, slot: number, count: number, line: number, sum: boolean): void {
    const counts = this.countsOf(group);
    const before = counts.lines[slot];
    if (before !== undefined && !sum)
      this.#problems.add({
        line,
        column: null,
        message: `The count of ${quotedText(this.names.values[slot]?.text ?? "")} for this group and question was already given in line ${before}. Are the rows parts of the group that add up?`,
        remedy: "sum-duplicates",
      });
    counts.lines[slot] = line;
    counts.sums[slot] = (counts.sums[slot] ?? 0) + count;
    if (this.names.values[slot]?.missing === false) counts.squares += count;
  }

  countsOf(group: number): ValueCounts {
    const known = this.groups[group];
    if (known !== undefined) return known;
    const counts: ValueCounts = { sums: [], squares: 0, lines: [], respondents: null };
    this.groups[group] = counts;
    return counts;
  }
}
