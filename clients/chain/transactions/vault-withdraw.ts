import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { TOKEN_PROGRAM, vaultAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface VaultWithdraw {
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  readonly authority: PublicKey;
  readonly destination: PublicKey;
  readonly amount: bigint;
}

/** Takes out of the vault what is neither earned, promised nor reserved. */
export function vaultWithdraw(program: PublicKey, input: VaultWithdraw): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    authority: input.authority,
    vault: vaultAddress(program, input.federation),
    destination: input.destination,
    rewardMint: input.rewardMint,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
  };
  return [buildInstruction(program, "vaultWithdraw", accounts, { amount: input.amount })];
}
