import {
  type PublicKey,
  SYSVAR_INSTRUCTIONS_PUBKEY,
  type TransactionInstruction,
} from "@solana/web3.js";
import { escrowAddress, memberAddress, TOKEN_PROGRAM } from "../addresses.ts";
import { buildInstruction } from "../program.ts";
import { type SignedMessage, verifyInstruction } from "../signed-message.ts";

export interface MemberJoin {
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  readonly owner: PublicKey;
  /** Pays the rent of the account. */
  readonly payer: PublicKey;
  /** Where members join by approval: an admission that the authority has signed for the owner. */
  readonly admission?: SignedMessage | undefined;
  /** Signs too where members join by approval without an admission. */
  readonly authority?: PublicKey;
  /** The owner's token account that the stake comes from. */
  readonly source: PublicKey;
  /** Token account that rewards go to. */
  readonly payout: PublicKey;
  /** The key that will sign updates. */
  readonly updateKey: PublicKey;
  readonly stake: bigint;
}

/** Joins a federation, or joins again after leaving, with a stake. */
export function memberJoin(program: PublicKey, input: MemberJoin): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    member: memberAddress(program, input.federation, input.owner),
    owner: input.owner,
    payer: input.payer,
    authority: input.authority,
    source: input.source,
    payout: input.payout,
    escrow: escrowAddress(program, input.federation),
    rewardMint: input.rewardMint,
    instructions: SYSVAR_INSTRUCTIONS_PUBKEY,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
  };
  return [
    // right before the other: that is where the program looks for it
    ...(input.admission === undefined ? [] : [verifyInstruction(input.admission)]),
    buildInstruction(program, "memberJoin", accounts, {
      args: { updateKey: input.updateKey, stake: input.stake },
    }),
  ];
}
