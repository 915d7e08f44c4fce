/** One predicted share, as a row of a table. */
export interface PredictionRow {
  readonly group: string;
  readonly question: string;
  readonly kind: "trained" | "untrained" | "new";
  readonly option: string;
  readonly share: number;
  /** Null where intervals could not be measured. */
  readonly low: number | null;
  readonly high: number | null;
}

const COLUMNS = ["group", "question", "kind", "option", "share", "low", "high"] as const;

/** Shares are written with this many digits: finer ones mean nothing. */
const DIGITS = 6;

/** A number of a prediction as it is written. */
export function rounded(value: number): number {
  return Number(value.toFixed(DIGITS));
}

/** Predictions as CSV (RFC 4180) with a header and one line per option; lines end with CR LF. */
export function predictionCsv(rows: Iterable<PredictionRow>): string {
  const lines = [COLUMNS.join(",")];
  for (const row of rows) lines.push(COLUMNS.map((name) => cell(row[name])).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(rounded(value));
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
