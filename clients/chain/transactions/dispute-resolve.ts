import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { escrowAddress, roundAddress, TOKEN_PROGRAM, vaultAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface DisputeResolve {
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  readonly number: bigint;
  readonly dispute: PublicKey;
  readonly challenger: PublicKey;
  /** Where the challenger is paid; may be left out where it loses. */
  readonly challengerTokens?: PublicKey | undefined;
}

/**
 * Ends a dispute that is decided, complete, unanswered, out of time, or overtaken by another that voided the round; anyone may send it.
 */
export function disputeResolve(
  program: PublicKey,
  input: DisputeResolve,
): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    round: roundAddress(program, input.federation, input.number),
    dispute: input.dispute,
    challenger: input.challenger,
    challengerTokens: input.challengerTokens,
    vault: vaultAddress(program, input.federation),
    escrow: escrowAddress(program, input.federation),
    rewardMint: input.rewardMint,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
  };
  return [buildInstruction(program, "disputeResolve", accounts)];
}
