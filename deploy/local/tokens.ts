/** One reward token in base units: it has six decimals. */
export const TOKEN = 1_000_000n;
/** What the aggregator puts up, and what each member stakes. */
export const BOND = 1_000n * TOKEN;
export const STAKE = 10n * TOKEN;

/** An amount for people: "12.5". */
export function formatTokens(amount: bigint): string {
  const fraction = String(amount % TOKEN)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return fraction === "" ? String(amount / TOKEN) : `${amount / TOKEN}.${fraction}`;
}
