import { csvStart, DELIMITER_NAMES, type Delimiter, delimitersIn } from "./csv-dialect.ts";
import { CsvReader } from "./csv-rows.ts";
import { decodeChunks } from "./decode-text.ts";
import { UnreadableTable } from "./file-problem.ts";
import { alignedRow, findHeader, HEAD_ROWS, type Header } from "./find-header.ts";
import { isBlankRow, type Table, type TableOptions, type TableRow } from "./table.ts";

/** So much of the text is looked at before it is read. */
const HEAD_LENGTH = 1 << 18;

/**
 * Opens CSV or TSV that comes piece by piece. Throws `UnreadableTable` where the encoding, the
 * delimiter or the header is not clear.
 */
export async function openCsvTable(
  bytes: AsyncIterable<Uint8Array>,
  options: TableOptions = {},
): Promise<Table> {
  const chunks = decodeChunks(bytes, options.encoding);
  let head = "";
  let ended = false;
  while (head.length < HEAD_LENGTH && !ended) {
    const next = await chunks.next();
    ended = next.done === true;
    if (!next.done) head += next.value;
  }
  const start = csvStart(head);
  const body = head.slice(start.skip);
  const delimiter = options.delimiter ?? start.delimiter ?? delimiterOf(body, start.line, options);
  const reader = new CsvReader(delimiter, start.line);
  const first = reader.read(body, ended);
  const header = findHeader(first.slice(0, HEAD_ROWS), options.headerLine);
  const below = first.filter(({ line }) => line > header.line);
  return {
    format: `CSV, separated by ${DELIMITER_NAMES[delimiter]}s`,
    columns: header.columns,
    headerLine: header.line,
    notes: header.notes,
    batches: () => batches(below, chunks, reader, header),
  };
}

async function* batches(
  first: readonly TableRow[],
  chunks: AsyncIterable<string>,
  reader: CsvReader,
  header: Header,
): AsyncGenerator<readonly TableRow[]> {
  yield aligned(first, header);
  for await (const chunk of chunks) yield aligned(reader.read(chunk, false), header);
  yield aligned(reader.read("", true), header);
}

function aligned(rows: readonly TableRow[], header: Header): TableRow[] {
  return rows.flatMap((row) => (isBlankRow(row.cells) ? [] : [alignedRow(row, header, true)]));
}

/** The one delimiter of the header; if it holds several, the file's owner has to say. */
function delimiterOf(body: string, firstLine: number, { headerLine }: TableOptions): Delimiter {
  const lines = body.split(/\r\n|\n|\r/, HEAD_ROWS);
  const at =
    headerLine === undefined
      ? lines.findIndex((line) => delimitersIn(line).length > 0)
      : headerLine - firstLine;
  const found = delimitersIn(lines[at] ?? "");
  if (found.length <= 1) return found[0] ?? ",";
  const names = found.map((delimiter) => `${DELIMITER_NAMES[delimiter]}s`).join(" and ");
  throw new UnreadableTable({
    line: firstLine + at,
    column: null,
    message: `What separates the columns? This line holds ${names}.`,
    remedy: "name-delimiter",
  });
}
