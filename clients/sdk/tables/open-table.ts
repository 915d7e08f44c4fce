import { openCsvTable } from "./csv-table.ts";
import { UnreadableTable } from "./file-problem.ts";
import type { Table, TableOptions } from "./table.ts";
import { openXlsxTable } from "./xlsx-table.ts";

/** A larger workbook would not fit into memory; CSV of any size does. */
const LARGEST_WORKBOOK = 64 * 1024 * 1024;

/** Formats that are known by their first bytes and cannot be read, and what to do instead. */
const REFUSED: readonly (readonly [string | readonly number[], string])[] = [
  [
    "$FL",
    "This is an SPSS file, which Plenary does not read. In SPSS, export it as CSV with value labels instead of values (File, Export, CSV Data).",
  ],
  [
    "<stata_dta>",
    "This is a Stata file, which Plenary does not read. In Stata, export it as CSV with labels: export delimited using survey.csv.",
  ],
  [
    [0xd0, 0xcf, 0x11, 0xe0],
    "This is a workbook of an old Excel (.xls), or one with a password. Save it as .xlsx, or as CSV UTF-8.",
  ],
  [[0x1f, 0x8b], "This file is compressed with gzip. Unpack it first."],
  ["PAR1", "This is a Parquet file, which Plenary does not read. Write it as CSV."],
  ["%PDF", "This is a PDF file, which holds no table. Ask for the data as CSV."],
];
/** Stata before version 13 begins with the number of its format. */
const OLD_STATA = [104, 105, 108, 110, 111, 112, 113, 114, 115];

/**
 * Opens a table by what its first bytes are: an Excel workbook, or else CSV. Throws
 * `UnreadableTable`; for a known format that is not read it says how to export it.
 */
export async function openTable(
  bytes: AsyncIterable<Uint8Array>,
  options: TableOptions = {},
): Promise<Table> {
  const chunks = bytes[Symbol.asyncIterator]();
  const first = await firstOf(chunks);
  const reason = refusalOf(first);
  if (reason !== null) throw refused(reason);
  const all = rejoined(first, chunks);
  return startsWith(first, "PK\u0003\u0004")
    ? openXlsxTable(await whole(all), options)
    : openCsvTable(all, options);
}

function refusalOf(first: Uint8Array): string | null {
  const known = REFUSED.find(([start]) => startsWith(first, start));
  if (known !== undefined) return known[1];
  const [format = 0, order = 0, type = 0, unused = 0] = first;
  const stata = OLD_STATA.includes(format) && [1, 2].includes(order) && type === 1 && unused === 0;
  return stata ? REFUSED[1]![1] : null;
}

function startsWith(bytes: Uint8Array, start: string | readonly number[]): boolean {
  const wanted = typeof start === "string" ? [...start].map((one) => one.charCodeAt(0)) : start;
  return wanted.every((byte, place) => bytes[place] === byte);
}

async function firstOf(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return new Uint8Array();
    if (value.length > 0) return value;
  }
}

async function* rejoined(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    length += chunk.length;
    if (length > LARGEST_WORKBOOK)
      throw refused("The workbook is larger than 64 MiB. Save the sheet as CSV UTF-8.");
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function refused(message: string): UnreadableTable {
  return new UnreadableTable({ line: 1, column: null, message });
}
