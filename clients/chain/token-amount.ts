import { PlenaryError } from "@plenary/protocol";

/** An amount in tokens, as people write it: digits, and decimals after a point. */
const FORM = /^(\d{1,20})(?:\.(\d{1,20}))?$/;
const LARGEST = 2n ** 64n - 1n;

/** Whether a text has the form of an amount in tokens, whatever the mint's decimals are. */
export function isTokenAmount(text: string): boolean {
  return FORM.test(text);
}

/** Base units of a mint as tokens, exactly: 12500000 with 6 decimals are `12.5`. */
export function tokensText(units: bigint, decimals: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const rest = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return `${units < 0n ? "-" : ""}${whole}${rest === "" ? "" : `.${rest}`}`;
}

/**
 * An amount in tokens as base units of a mint. Throws `invalid-input` for another form, for more
 * decimals than the mint has, and above what a token account can hold.
 */
export function parseTokens(text: string, decimals: number): bigint {
  const [, whole, rest = ""] = FORM.exec(text) ?? [];
  if (whole === undefined)
    throw invalid(text, decimals, "is not an amount in tokens: write digits, such as 12.5");
  const kept = rest.replace(/0+$/, "");
  if (kept.length > decimals)
    throw invalid(text, decimals, `has more decimals than the token, which has ${decimals}`);
  const units = BigInt(whole + kept.padEnd(decimals, "0"));
  if (units <= LARGEST) return units;
  throw invalid(text, decimals, `is above ${tokensText(LARGEST, decimals)}, the most there can be`);
}

function invalid(text: string, decimals: number, problem: string): PlenaryError {
  return new PlenaryError("invalid-input", `${JSON.stringify(text)} ${problem}.`, {
    amount: text,
    decimals,
  });
}
