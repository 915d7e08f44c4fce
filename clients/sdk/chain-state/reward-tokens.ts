import {
  type Federation,
  readTokenAccount,
  readTokenProgram,
  tokenAccountAddress,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import type { Connection, PublicKey } from "@solana/web3.js";

/** An owner's associated account of the reward token, which may not exist yet, and the program that owns both. */
export interface RewardTokens {
  readonly tokenProgram: PublicKey;
  readonly account: PublicKey;
}

export async function rewardTokensOf(
  connection: Connection,
  { rewardMint }: Pick<Federation, "rewardMint">,
  owner: PublicKey,
): Promise<RewardTokens> {
  const tokenProgram = await readTokenProgram(connection, rewardMint);
  return { tokenProgram, account: tokenAccountAddress(rewardMint, owner, tokenProgram) };
}

/** Base units in a token account; 0 if it does not exist. */
export async function tokenBalance(connection: Connection, account: PublicKey): Promise<bigint> {
  return (await readTokenAccount(connection, account))?.amount ?? 0n;
}

/** Throws `invalid-input` for an amount of zero, or above what is there; `what` says of what. */
export function requireAmount(amount: bigint, available: bigint, what: string): void {
  if (amount > 0n && amount <= available) return;
  throw new PlenaryError(
    "invalid-input",
    amount <= 0n
      ? "The amount must be above zero."
      : `${amount} are more than ${what}: ${available}.`,
    { amount: amount.toString(), available: available.toString() },
  );
}
