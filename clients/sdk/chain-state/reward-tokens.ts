import {
  type Federation,
  readMint,
  readTokenAccount,
  TOKEN_ACCOUNT_LENGTH,
  tokenAccountAddress,
  tokensText,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { pause } from "@plenary/service";
import type { Connection, PublicKey } from "@solana/web3.js";
import { type ChainAccess, requireFederation } from "./federation-account.ts";

/**
 * An owner's associated account of the reward token, which may not exist yet, and the token program
 * that owns account and mint. `decimals` turns base units into tokens (`tokensText`).
 */
export interface RewardTokens {
  readonly tokenProgram: PublicKey;
  readonly account: PublicKey;
  readonly decimals: number;
}

export async function rewardTokensOf(
  connection: Connection,
  { rewardMint }: Pick<Federation, "rewardMint">,
  owner: PublicKey,
): Promise<RewardTokens> {
  const { program: tokenProgram, decimals } = await readMint(connection, rewardMint);
  return { tokenProgram, account: tokenAccountAddress(rewardMint, owner, tokenProgram), decimals };
}

/** Digits after the point of amounts of a federation's reward token. Throws as `readMint` does. */
export async function readRewardDecimals({
  connection,
  address,
}: Pick<ChainAccess, "connection" | "address">): Promise<number> {
  const { rewardMint } = await requireFederation({ connection, address });
  return (await readMint(connection, rewardMint)).decimals;
}

/** Base units in a token account; 0 if it does not exist. */
export async function tokenBalance(connection: Connection, account: PublicKey): Promise<bigint> {
  return (await readTokenAccount(connection, account))?.amount ?? 0n;
}

/** Lengths of the token account that a transaction makes if it is not there yet, for its rent. */
export async function lengthsToMake(connection: Connection, account: PublicKey): Promise<number[]> {
  return (await readTokenAccount(connection, account)) === null ? [TOKEN_ACCOUNT_LENGTH] : [];
}

const LOOKS = 10;
const LOOK_MILLISECONDS = 200;

/**
 * An amount on chain after a confirmed transaction that changes it. Looks a few times, because a
 * node that is behind still shows what there was before.
 */
export async function readChanged(read: () => Promise<bigint>, before: bigint): Promise<bigint> {
  for (let look = 1; ; look++) {
    const now = await read();
    if (now !== before || look === LOOKS) return now;
    await pause(LOOK_MILLISECONDS);
  }
}

/**
 * Throws `invalid-input` for an amount of zero or above what is there, in base units. `what` names
 * what is there: "the bond".
 */
export function requireAmount(
  amount: bigint,
  available: bigint,
  what: string,
  decimals: number,
): void {
  if (amount > 0n && amount <= available) return;
  throw new PlenaryError(
    "invalid-input",
    amount <= 0n
      ? "The amount must be above zero."
      : `${tokensText(amount, decimals)} tokens are more than ${what}: ${tokensText(available, decimals)}.`,
    { amount: amount.toString(), available: available.toString() },
  );
}
