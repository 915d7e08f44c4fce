export { csvStart, type Delimiter, delimiterNaming, delimitersIn } from "./csv-dialect.ts";
export { csvRows } from "./csv-rows.ts";
export { decodeText, ENCODINGS, type Encoding } from "./decode-text.ts";
export { type FileProblem, isBlankRow, type TableRow, UnreadableTable } from "./table.ts";
