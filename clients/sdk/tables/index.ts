export { COUNT_LIKE, WEIGHT_LIKE } from "./column-names.ts";
export {
  csvStart,
  DELIMITER_NAMES,
  DELIMITERS,
  type Delimiter,
  delimiterNaming,
} from "./csv-dialect.ts";
export { csvRows } from "./csv-rows.ts";
export { openCsvTable } from "./csv-table.ts";
export { decodeText, ENCODINGS, type Encoding } from "./decode-text.ts";
export { type FileProblem, UnreadableTable } from "./file-problem.ts";
export { openTable } from "./open-table.ts";
export {
  isBlankRow,
  type Table,
  type TableColumn,
  type TableOptions,
  type TableRow,
} from "./table.ts";
export { isCount, wholeNumberOf } from "./whole-number.ts";
