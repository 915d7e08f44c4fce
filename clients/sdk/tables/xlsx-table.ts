import { UnreadableTable } from "./file-problem.ts";
import { alignedRow, findHeader, HEAD_ROWS } from "./find-header.ts";
import { isBlankRow, type Table, type TableOptions, type TableRow } from "./table.ts";

/** What the workbook reader gives for a cell. */
type Cell = string | number | boolean | Date | null;

/**
 * Opens a sheet of an Excel workbook (.xlsx): the one that `sheet` names, or the only one. Throws
 * `UnreadableTable`. The reader is loaded when it is needed.
 */
export async function openXlsxTable(
  bytes: Uint8Array,
  { sheet, headerLine }: TableOptions = {},
): Promise<Table> {
  const sheets = await sheetsOf(bytes);
  const wanted = sheet === undefined ? sheets : sheets.filter(({ name }) => name === sheet);
  const [found, other] = wanted.length > 1 ? wanted.filter(({ rows }) => rows.length > 0) : wanted;
  if (found === undefined || other !== undefined)
    throw new UnreadableTable({
      line: 1,
      column: null,
      message: `Which sheet? The workbook has ${sheets.map(({ name }) => JSON.stringify(name)).join(", ")}.`,
      remedy: "name-sheet",
    });
  const header = findHeader(found.rows.slice(0, HEAD_ROWS), headerLine);
  const rows = found.rows.filter(({ line, cells }) => line > header.line && !isBlankRow(cells));
  return {
    format: `Excel, sheet ${found.name}`,
    columns: header.columns,
    headerLine: header.line,
    notes: header.notes,
    async *batches() {
      yield rows.map((row) => alignedRow(row, header, false));
    },
  };
}

async function sheetsOf(bytes: Uint8Array): Promise<{ name: string; rows: TableRow[] }[]> {
  const { default: readWorkbook } = await import("read-excel-file/universal");
  try {
    const copy = bytes.slice().buffer as ArrayBuffer;
    const sheets = await readWorkbook(copy, { trim: false });
    return sheets.map(({ sheet, data }) => ({
      name: sheet,
      rows: (data as unknown as Cell[][]).map((cells, row) => ({
        line: row + 1,
        cells: cells.map(textOf),
      })),
    }));
  } catch (cause) {
    const reason = cause instanceof Error ? ` (${cause.message})` : "";
    throw new UnreadableTable({
      line: 1,
      column: null,
      message: `This is not an Excel workbook that can be read${reason.replace(/\s+/g, " ")}. Save it as .xlsx, or as CSV UTF-8.`,
    });
  }
}

/** Dates in the form of ISO 8601: an import asks about them. */
function textOf(cell: Cell): string {
  if (cell === null) return "";
  return cell instanceof Date ? cell.toISOString().slice(0, 10) : String(cell);
}
