/*
 * Whole numbers as programs write them. pandas, R and Excel write 31 as 31.0 or 31,00 once a column
 * has had a gap. Three decimals are refused: 1.000 is one or a thousand, depending on the country.
 */
const WHOLE = /^[0-9]{1,10}(?:[.,](?:0{1,2}|0{4,}))?$/;

/** The number that a text gives, or NaN if that is not a whole number from 0. */
export function wholeNumberOf(text: string): number {
  const trimmed = text.trim();
  return WHOLE.test(trimmed) ? Number.parseInt(trimmed, 10) : Number.NaN;
}

const LARGEST_COUNT = 2 ** 31 - 1;

/** Whether a value is a number of respondents. */
export function isCount(value: unknown): value is number {
  return (
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= LARGEST_COUNT
  );
}
