import { tokensText } from "@plenary/chain";
import { REWARD_DECIMALS } from "@plenary/sdk";

/** One reward token in base units. */
export const TOKEN = 10n ** BigInt(REWARD_DECIMALS);
/** What the aggregator puts up, and what each member stakes. */
export const BOND = 1_000n * TOKEN;
export const STAKE = 10n * TOKEN;

/** An amount for people: "12.5". */
export function formatTokens(amount: bigint): string {
  return tokensText(amount, REWARD_DECIMALS);
}
