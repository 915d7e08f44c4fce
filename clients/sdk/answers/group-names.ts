import { canonicalText, quotedText } from "@plenary/protocol";
import type { AnswersProblem } from "./answer-rows.ts";

interface Spellings {
  /** As first written, tidied. */
  readonly name: string;
  readonly line: number;
  /** Every way in which the file writes the name, with the first line of each. */
  readonly lines: Map<string, number>;
}

/**
 * The groups of a file. Names that differ in nothing that a person can see are one group, which is
 * called as it was first written.
 */
export class GroupNames {
  readonly #groups = new Map<string, Spellings>();
  readonly #keys = new Map<string, string>();

  /** The key under which the group's answers are added up. */
  key(name: string, written: string, line: number): string {
    const known = this.#keys.get(written);
    if (known !== undefined) return known;
    const key = canonicalText(name);
    const group = this.#groups.get(key) ?? { name, line, lines: new Map<string, number>() };
    this.#groups.set(key, group);
    this.#keys.set(written, key);
    if (!group.lines.has(written.trim())) group.lines.set(written.trim(), line);
    return key;
  }

  nameOf(key: string): string {
    return this.#groups.get(key)?.name ?? key;
  }

  /** Groups that were merged, and groups that look too alike to be two. */
  warnings(): AnswersProblem[] {
    const merged = [...this.#groups.values()]
      .filter(({ lines }) => lines.size > 1)
      .map(({ name, line, lines }) => ({
        line,
        column: "group",
        message: `The group ${quotedText(name)} is written in ${lines.size} ways that look the same (lines ${[...lines.values()].join(", ")}). They count as one group.`,
      }));
    return [...merged, ...this.#nearWarnings()];
  }

  #nearWarnings(): AnswersProblem[] {
    const seen = new Map<string, Spellings>();
    const warnings: AnswersProblem[] = [];
    for (const [key, group] of this.#groups) {
      const bare = bareText(key);
      const before = seen.get(bare);
      seen.set(bare, before ?? group);
      if (before !== undefined)
        warnings.push({
          line: group.line,
          column: "group",
          message: `${quotedText(group.name)} and ${quotedText(before.name)} (line ${before.line}) differ in case or accents alone. They count as two groups.`,
        });
    }
    return warnings;
  }
}

/** A name without case and accents. */
function bareText(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
