import { canonicalText, hasControlCharacter, quotedText } from "@plenary/protocol";
import { wholeNumberOf } from "../tables/index.ts";

/** How a file names the options of a question: by their texts or by their indexes from 0. */
export type Naming = "text" | "index";

interface Found {
  readonly index: number;
  readonly naming: Naming;
}

/**
 * Finds the options of one question. Texts are compared in canonical form and without case. Where
 * texts start with whole numbers, a whole number that is not a text is refused: it may be a code of
 * the scale as well as an index.
 */
export class OptionFinder {
  readonly #options: readonly string[];
  readonly #byText: ReadonlyMap<string, number>;
  readonly #numbered: boolean;
  #naming: { readonly naming: Naming; readonly line: number } | null = null;

  constructor(options: readonly string[]) {
    this.#options = options;
    this.#byText = new Map(
      options.map((option, index) => [formOf(option), index] as const).toReversed(),
    );
    this.#numbered = options.some((option) => /^[+-]?\d/.test(formOf(option)));
  }

  get count(): number {
    return this.#options.length;
  }

  /** The option's index, or what is wrong with how it is given. */
  find(given: string | number, question: string, line: number): number | { message: string } {
    const found = this.#lookUp(String(given));
    if (found === null) return { message: this.#unknown(given, question) };
    const before = this.#naming;
    if (before !== null && before.naming !== found.naming)
      return {
        message: `${shown(given)} is ${found.naming === "index" ? "an index" : "a text"} here, and line ${before.line} gives ${before.naming === "index" ? "an index" : "a text"}: for one question give texts or indexes, never both.`,
      };
    this.#naming ??= { naming: found.naming, line };
    return found.index;
  }

  #lookUp(text: string): Found | null {
    const byText = this.#byText.get(formOf(text));
    if (byText !== undefined) return { index: byText, naming: "text" };
    const index = wholeNumberOf(text);
    if (Number.isNaN(index)) return null;
    const written = this.#byText.get(String(index));
    if (written !== undefined) return { index: written, naming: "text" };
    return this.#numbered || this.#options[index] === undefined ? null : { index, naming: "index" };
  }

  #unknown(given: string | number, question: string): string {
    if (hasControlCharacter(String(given).replace(/\s/g, " ")))
      return `${shown(given)} holds a control character: remove it.`;
    const texts = this.#options.slice(0, 10).map(quotedText).join(", ");
    const numbered = `its options start with numbers, so that a number may be a code: give one of ${texts}`;
    const plain = `give its index, 0 to ${this.count - 1}, or one of ${texts}`;
    return `${shown(given)} is not an option of ${question}: ${this.#numbered ? numbered : plain}.`;
  }
}

function formOf(text: string): string {
  return canonicalText(text).toLowerCase();
}

function shown(given: string | number): string {
  return typeof given === "number" ? String(given) : quotedText(given);
}
