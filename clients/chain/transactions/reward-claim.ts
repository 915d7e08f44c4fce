import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { roundAddress, TOKEN_PROGRAM, vaultAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface RewardClaim {
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  /** The final round whose rewards tree the proof belongs to. */
  readonly number: bigint;
  readonly member: PublicKey;
  /** The member's payout account. */
  readonly payout: PublicKey;
  readonly cumulative: bigint;
  /** The leaf's index in the rewards tree, and its audit path. */
  readonly index: number;
  readonly path: readonly Uint8Array[];
}

/** Pays a member all that it has earned up to a final round and not claimed; anyone may send it. */
export function rewardClaim(program: PublicKey, input: RewardClaim): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    round: roundAddress(program, input.federation, input.number),
    member: input.member,
    payout: input.payout,
    vault: vaultAddress(program, input.federation),
    rewardMint: input.rewardMint,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
  };
  return [
    buildInstruction(program, "rewardClaim", accounts, {
      cumulative: input.cumulative,
      index: input.index,
      path: input.path,
    }),
  ];
}
