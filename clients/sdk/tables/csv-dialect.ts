import { canonicalText } from "@plenary/protocol";

/** Characters that separate columns in files of this world. */
export const DELIMITERS = [",", ";", "\t"] as const;
export type Delimiter = (typeof DELIMITERS)[number];

export const DELIMITER_NAMES: Readonly<Record<Delimiter, string>> = {
  ",": "comma",
  ";": "semicolon",
  "\t": "tab",
};

/** How a CSV file is written, and where its rows start. */
export interface CsvStart {
  /** What a line `sep=;` asks for. */
  readonly delimiter: Delimiter | null;
  /** Characters before the first row: such a line, or nothing. */
  readonly skip: number;
  /** The line of the first row. */
  readonly line: number;
}

/** Reads the line `sep=;` with which Excel is told the delimiter. */
export function csvStart(head: string): CsvStart {
  const match = /^"?sep=([,;\t])"?[ ,;\t]*(?:\r\n|\n|\r|$)/i.exec(head);
  if (match === null) return { delimiter: null, skip: 0, line: 1 };
  return { delimiter: match[1] as Delimiter, skip: match[0].length, line: 2 };
}

const HEAD_LINES = 40;

/**
 * The delimiter with which one of the first lines names all the wanted columns, or null. Quoted
 * line ends are not followed: names of columns hold none.
 */
export function delimiterNaming(head: string, wanted: readonly string[]): Delimiter | null {
  const lines = head.split(/\r\n|\n|\r/, HEAD_LINES);
  const names = (line: string, delimiter: Delimiter) =>
    fieldsOf(line, delimiter).map((field) => canonicalText(field).toLowerCase());
  return (
    DELIMITERS.find((delimiter) =>
      lines.some((line) => {
        const found = names(line, delimiter);
        return wanted.every((name) => found.includes(name));
      }),
    ) ?? null
  );
}

/** Delimiters that occur in a line outside of quotation marks. */
export function delimitersIn(line: string): Delimiter[] {
  return DELIMITERS.filter((delimiter) => fieldsOf(line, delimiter).length > 1);
}

/** Fields of one line, roughly: for finding out how a file is written, not for reading it. */
function fieldsOf(line: string, delimiter: Delimiter): string[] {
  const fields = [""];
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    else if (character === delimiter && !quoted) fields.push("");
    else fields[fields.length - 1] += character;
  }
  return fields;
}
