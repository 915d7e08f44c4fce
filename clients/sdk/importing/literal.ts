/*
 * Lists and dictionaries in cells, as Python and JSON write them: OpinionQA, GlobalOpinionQA and
 * SubPOP are CSV files with such cells.
 */

export type Literal = string | number | null | boolean | readonly Literal[] | LiteralDictionary;
export interface LiteralDictionary {
  readonly entries: readonly (readonly [Literal, Literal])[];
}

const TOKEN =
  /\s*(?:([[\](){},:])|'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)"|([-+]?(?:\d[\d_]*\.?\d*(?:[eE][-+]?\d+)?|\.\d+|inf|nan))|([A-Za-z_][\w.]*))/y;

const WORDS: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ["None", null],
  ["null", null],
  ["nan", null],
  ["NaN", null],
  ["True", true],
  ["true", true],
  ["False", false],
  ["false", false],
]);

/** Deeper cells are not data. */
const DEEPEST = 8;

/**
 * Reads a literal of Python or JSON; `defaultdict(..., {...})` is its dictionary. Undefined if the
 * text is something else.
 */
export function readLiteral(text: string): Literal | undefined {
  const inner = /^\s*defaultdict\(\s*<class '\w+'>\s*,([\s\S]*)\)\s*$/.exec(text)?.[1] ?? text;
  const reader = new LiteralReader(inner);
  const value = reader.value(0);
  return reader.atEnd() ? value : undefined;
}

class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#text.slice(this.#at).trim() === "";
  }

  value(depth: number): Literal | undefined {
    const token = this.#next();
    if (token === null || depth > DEEPEST) return undefined;
    const [, mark, single, double, number, word] = token;
    const quoted = single ?? double;
    if (quoted !== undefined) return unescaped(quoted);
    if (number !== undefined) return finite(number);
    if (word !== undefined) return WORDS.get(word);
    if (mark === "[" || mark === "(") return this.#list(mark === "[" ? "]" : ")", depth);
    return mark === "{" ? this.#dictionary(depth) : undefined;
  }

  #list(close: string, depth: number): readonly Literal[] | undefined {
    const items: Literal[] = [];
    for (;;) {
      if (this.#take(close)) return items;
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
      if (!this.#take(",") && !this.#peek(close)) return undefined;
    }
  }

  #dictionary(depth: number): LiteralDictionary | undefined {
    const entries: (readonly [Literal, Literal])[] = [];
    for (;;) {
      if (this.#take("}")) return { entries };
      const key = this.value(depth + 1);
      if (key === undefined || !this.#take(":")) return undefined;
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      entries.push([key, item]);
      if (!this.#take(",") && !this.#peek("}")) return undefined;
    }
  }

  #next(): RegExpExecArray | null {
    TOKEN.lastIndex = this.#at;
    const token = TOKEN.exec(this.#text);
    if (token !== null) this.#at = TOKEN.lastIndex;
    return token;
  }

  #peek(mark: string): boolean {
    return this.#text.slice(this.#at).trimStart().startsWith(mark);
  }

  #take(mark: string): boolean {
    if (!this.#peek(mark)) return false;
    this.#at = this.#text.indexOf(mark, this.#at) + mark.length;
    return true;
  }
}

function finite(text: string): number | null {
  const value = Number(text.replaceAll("_", ""));
  return Number.isFinite(value) ? value : null;
}

function unescaped(text: string): string {
  return text.replace(
    /\\(?:u([\da-fA-F]{4})|x([\da-fA-F]{2})|([\s\S]))/g,
    (_, unicode, hex, one) => {
      const code = unicode ?? hex;
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      return ({ n: "\n", t: "\t", r: "\r" } as Record<string, string>)[one] ?? one;
    },
  );
}
