import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { escrowAddress, TOKEN_PROGRAM } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface BondDeposit {
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  readonly aggregator: PublicKey;
  /** The aggregator's token account. */
  readonly source: PublicKey;
  readonly amount: bigint;
}

/** Adds to the aggregator's bond. */
export function bondDeposit(program: PublicKey, input: BondDeposit): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    aggregator: input.aggregator,
    source: input.source,
    escrow: escrowAddress(program, input.federation),
    rewardMint: input.rewardMint,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
  };
  return [buildInstruction(program, "bondDeposit", accounts, { amount: input.amount })];
}
