import { parseTokens, tokensText } from "@plenary/chain";
import { type ChainAccess, readRewardDecimals } from "@plenary/sdk";

/**
 * Amounts of a federation's reward token. The command reads and prints tokens, in text and in JSON;
 * the SDK and the chain count base units.
 */
export interface Tokens {
  /** `12.5` */
  text(units: bigint): string;
  /** Base units. Throws `invalid-input` for more decimals than the token has. */
  units(amount: string): bigint;
}

/** For a token with this many decimals. */
export function tokensWith(decimals: number): Tokens {
  return {
    text: (units) => tokensText(units, decimals),
    units: (amount) => parseTokens(amount, decimals),
  };
}

/** For the reward token that a federation names on chain. */
export async function tokensOf(
  federation: Pick<ChainAccess, "connection" | "address">,
): Promise<Tokens> {
  return tokensWith(await readRewardDecimals(federation));
}

/** Amounts in base units as texts in tokens, by their names. */
export function textsOf<Name extends string>(
  amounts: Readonly<Record<Name, bigint>>,
  { text }: Tokens,
): Record<Name, string> {
  const texts = Object.entries<bigint>(amounts).map(([name, units]) => [name, text(units)]);
  return Object.fromEntries(texts);
}
