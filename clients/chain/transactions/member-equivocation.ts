import {
  type PublicKey,
  SYSVAR_INSTRUCTIONS_PUBKEY,
  type TransactionInstruction,
} from "@solana/web3.js";
import { equivocationAddress, escrowAddress, TOKEN_PROGRAM, vaultAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";
import { type SignedMessage, verifyInstruction } from "../signed-message.ts";

export interface MemberEquivocation {
  readonly federation: PublicKey;
  readonly rewardMint: PublicKey;
  /** The program that owns the reward mint; SPL Token by default. */
  readonly tokenProgram?: PublicKey;
  readonly member: PublicKey;
  /** Who recorded the first envelope. */
  readonly reporter: PublicKey;
  /** Where half of the stake goes. */
  readonly reporterTokens: PublicKey;
  readonly round: bigint;
  readonly sequence: bigint;
  /** The second envelope. */
  readonly envelope: SignedMessage;
}

/** Takes the stake of a member that has signed a second envelope with the sequence of the recorded one. */
export function memberEquivocation(
  program: PublicKey,
  input: MemberEquivocation,
): TransactionInstruction[] {
  const { federation, member, reporter, round, sequence } = input;
  const accounts = {
    federation,
    member,
    equivocation: equivocationAddress(program, member, reporter, round, sequence),
    reporter,
    reporterTokens: input.reporterTokens,
    vault: vaultAddress(program, federation),
    escrow: escrowAddress(program, federation),
    rewardMint: input.rewardMint,
    instructions: SYSVAR_INSTRUCTIONS_PUBKEY,
    tokenProgram: input.tokenProgram ?? TOKEN_PROGRAM,
  };
  return [
    verifyInstruction(input.envelope),
    buildInstruction(program, "memberEquivocation", accounts),
  ];
}
