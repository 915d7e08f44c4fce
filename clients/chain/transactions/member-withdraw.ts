import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { escrowAddress, memberAddress, TOKEN_PROGRAM } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface MemberWithdraw {
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  readonly owner: PublicKey;
  /** A token account of the owner's. */
  readonly destination: PublicKey;
}

/** Returns the stake once the cooldown is over. */
export function memberWithdraw(
  program: PublicKey,
  input: MemberWithdraw,
): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    member: memberAddress(program, input.federation, input.owner),
    owner: input.owner,
    escrow: escrowAddress(program, input.federation),
    destination: input.destination,
    rewardMint: input.rewardMint,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
  };
  return [buildInstruction(program, "memberWithdraw", accounts)];
}
