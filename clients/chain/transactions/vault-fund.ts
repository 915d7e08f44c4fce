import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { TOKEN_PROGRAM, vaultAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface VaultFund {
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  readonly funder: PublicKey;
  /** The funder's token account. */
  readonly source: PublicKey;
  readonly amount: bigint;
}

/** Adds rewards to the vault; anyone may. */
export function vaultFund(program: PublicKey, input: VaultFund): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    funder: input.funder,
    source: input.source,
    vault: vaultAddress(program, input.federation),
    rewardMint: input.rewardMint,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
  };
  return [buildInstruction(program, "vaultFund", accounts, { amount: input.amount })];
}
