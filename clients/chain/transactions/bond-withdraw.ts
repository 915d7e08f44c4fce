import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { escrowAddress, TOKEN_PROGRAM } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface BondWithdraw {
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  /** The aggregator, or the authority. */
  readonly signer: PublicKey;
  /** A token account of the aggregator's. */
  readonly destination: PublicKey;
  readonly amount: bigint;
}

/** Returns bond to the aggregator while every round is final or void. */
export function bondWithdraw(program: PublicKey, input: BondWithdraw): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    signer: input.signer,
    escrow: escrowAddress(program, input.federation),
    destination: input.destination,
    rewardMint: input.rewardMint,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
  };
  return [buildInstruction(program, "bondWithdraw", accounts, { amount: input.amount })];
}
