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
export {
  type FileProblem,
  isBlankRow,
  type Table,
  type TableColumn,
  type TableOptions,
  type TableRow,
  UnreadableTable,
} from "./table.ts";
export { isCount, wholeNumberOf } from "./whole-number.ts";
