import type { Delimiter } from "./csv-dialect.ts";
import { UnreadableTable } from "./file-problem.ts";
import type { TableRow } from "./table.ts";

/** A longer record is a quotation mark that is never closed, and would fill the memory. */
const LONGEST_RECORD = 4 * 1024 * 1024;
const QUOTE = 34;
const LINE_FEED = 10;
const RETURN = 13;

/**
 * Reads CSV (RFC 4180, with any line ends) that comes piece by piece, in memory that does not grow
 * with the file. It is our own because it has to run in browsers, name the line in which a record
 * starts, and read a gigabyte in a minute; the tests compare it with csv-parse.
 */
export class CsvReader {
  readonly #delimiter: number;
  #line: number;
  #rest = "";

  /** `firstLine` is the line of the first record. */
  constructor(delimiter: Delimiter, firstLine = 1) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#line = firstLine;
  }

  /**
   * The records that the next text completes, blank ones included; `last` says that none follows.
   * Throws `UnreadableTable` if quotation marks are wrong.
   */
  read(text: string, last: boolean): TableRow[] {
    const all = this.#rest === "" ? text : this.#rest + text;
    const rows: TableRow[] = [];
    let start = 0;
    while (start < all.length) {
      const record = this.#record(all, start, last);
      if (record === null) break;
      rows.push({ line: this.#line, cells: record.cells });
      this.#line += record.lines;
      start = record.end;
    }
    this.#rest = all.slice(start);
    if (this.#rest.length > LONGEST_RECORD)
      throw this.#refused("A quotation mark is never closed, or this row is longer than 4 MiB.");
    return rows;
  }

  /** The record at `start`, or null if its end is yet to come. */
  #record(
    text: string,
    start: number,
    last: boolean,
  ): { cells: string[]; end: number; lines: number } | null {
    const cells: string[] = [];
    let lines = 1;
    let at = start;
    for (;;) {
      if (text.charCodeAt(at) === QUOTE) {
        const close = closingQuote(text, at + 1);
        // The character after the quotation mark decides whether it closes.
        if (close < 0 || (close === text.length - 1 && !last)) {
          if (last) throw this.#refused("A quotation mark is never closed.");
          return null;
        }
        const inside = text.slice(at + 1, close);
        cells.push(inside.includes('"') ? inside.replaceAll('""', '"') : inside);
        lines += lineEnds(inside);
        at = close + 1;
      } else {
        const end = this.#fieldEnd(text, at);
        cells.push(text.slice(at, end));
        at = end;
      }
      const next = text.charCodeAt(at);
      if (next === this.#delimiter) {
        at += 1;
        continue;
      }
      if (at >= text.length) return last ? { cells, end: at, lines } : null;
      if (next === LINE_FEED) return { cells, end: at + 1, lines };
      if (next !== RETURN) throw this.#refused(text.charCodeAt(at - 1) === QUOTE ? AFTER : INSIDE);
      if (at + 1 === text.length && !last) return null;
      return { cells, end: at + (text.charCodeAt(at + 1) === LINE_FEED ? 2 : 1), lines };
    }
  }

  /** Where an unquoted field ends, or its first quotation mark. */
  #fieldEnd(text: string, start: number): number {
    for (let at = start; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === this.#delimiter || code === LINE_FEED || code === RETURN || code === QUOTE)
        return at;
    }
    return text.length;
  }

  #refused(message: string): UnreadableTable {
    return new UnreadableTable({ line: this.#line, column: null, message });
  }
}

const AFTER = "Text follows a closing quotation mark.";
const INSIDE = "There is a quotation mark inside an unquoted field: double it and quote the field.";

/** All records of a text. Throws as `CsvReader` does. */
export function csvRows(text: string, delimiter: Delimiter, firstLine = 1): TableRow[] {
  return new CsvReader(delimiter, firstLine).read(text, true);
}

/** Where the quoted field that starts at `from` is closed, or -1. */
function closingQuote(text: string, from: number): number {
  let close = text.indexOf('"', from);
  while (close >= 0 && text.charCodeAt(close + 1) === QUOTE) close = text.indexOf('"', close + 2);
  return close;
}

function lineEnds(text: string): number {
  return text.includes("\n") || text.includes("\r") ? text.match(/\r\n|\n|\r/g)!.length : 0;
}
