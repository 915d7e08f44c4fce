import { canonicalText, hasControlCharacter, quotedText, tidyText } from "@plenary/protocol";
import type { Problems } from "./problems.ts";

/** A column with more different values is not a closed question or a group. */
const MOST_VALUES = 1000;
/** Spellings of values that are remembered for speed. */
const MOST_SPELLINGS = 4000;

/** One value of a column, however it is spelled. */
export interface NamedValue {
  /** As first written, tidied; a whole number without its `.0`. */
  readonly text: string;
  /** As first written. */
  readonly written: string;
  /** The number in decimal digits, if the value is one. */
  readonly code: string | null;
  /** Where it was first met. */
  readonly line: number;
  /** Whether it is a missing answer. */
  readonly missing: boolean;
}

export interface ValueRules {
  readonly column: string;
  readonly isMissing: (text: string, code: string | null) => boolean;
  readonly mergeLookAlikes: boolean;
}

/** The slot of a cell that holds nothing, and of one whose value is a problem. */
export const BLANK = -1;
export const REFUSED = -2;

/** The different values of one column, numbered as they come. */
export class ValueNames {
  readonly values: NamedValue[] = [];
  readonly #rules: ValueRules;
  readonly #problems: Problems;
  readonly #slots = new Map<string, number>();
  readonly #byForm = new Map<string, number>();
  #full = false;

  constructor(rules: ValueRules, problems: Problems) {
    this.#rules = rules;
    this.#problems = problems;
  }

  /** Whether a text or code is a missing answer. */
  missing(text: string, code: string | null): boolean {
    return this.#rules.isMissing(text, code);
  }

  /** The value's number, `BLANK` or `REFUSED`. */
  slotOf(cell: string, line: number): number {
    const known = this.#slots.get(cell);
    if (known !== undefined) return known;
    const slot = this.#newSlot(cell, line);
    if (this.#slots.size < MOST_SPELLINGS) this.#slots.set(detached(cell), slot);
    return slot;
  }

  #newSlot(cell: string, line: number): number {
    const text = tidyText(cell);
    if (canonicalText(text) === "") return BLANK;
    if (hasControlCharacter(cell.replace(/\s/g, " ")))
      return this.#refuse(line, `${quotedText(text)} holds a control character: remove it.`);
    const code = codeOf(text);
    const form = code ?? canonicalText(text).toLowerCase();
    const before = this.#byForm.get(form);
    if (before !== undefined) return this.#sameForm(before, code ?? cell.trim(), line);
    if (this.values.length >= MOST_VALUES) return this.#tooMany(line);
    const missing = this.#rules.isMissing(text, code);
    const written = detached(code ?? cell.trim());
    const slot =
      this.values.push({ text: detached(code ?? text), written, code, line, missing }) - 1;
    this.#byForm.set(detached(form), slot);
    return slot;
  }

  #sameForm(slot: number, written: string, line: number): number {
    const first = this.values[slot];
    if (first !== undefined && first.written !== written && !this.#rules.mergeLookAlikes)
      this.#problems.add({
        line,
        column: this.#rules.column,
        message: `Are ${quotedText(written)} and ${quotedText(first.written)} of line ${first.line} the same? They differ only in case, quotes, dashes, kinds of space or characters that are not drawn.`,
        remedy: "merge-look-alikes",
      });
    return slot;
  }

  #tooMany(line: number): number {
    if (!this.#full)
      this.#refuse(
        line,
        `What is this column? It has more than ${MOST_VALUES} different values, and neither a closed question nor a group has that many.`,
      );
    this.#full = true;
    return REFUSED;
  }

  #refuse(line: number, message: string): number {
    this.#problems.add({ line, column: this.#rules.column, message, remedy: "ignore-column" });
    return REFUSED;
  }
}

/** A whole number in decimal digits, without `.0`; null for every other text. */
export function codeOf(text: string): string | null {
  const match = /^(-?)0*(\d{1,15})(?:[.,](?:0{1,2}|0{4,}))?$/.exec(text);
  if (match === null) return null;
  const [, sign = "", digits = ""] = match;
  return digits === "0" ? "0" : sign + digits;
}

/** A copy that does not keep the piece of the file alive from which it was cut. */
function detached(text: string): string {
  return text.split("").join("");
}
