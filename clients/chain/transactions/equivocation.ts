import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import {
  type EquivocationOpenInput,
  type MemberEquivocationInput,
  equivocationOpen as open,
  memberEquivocation as prove,
} from "../generated/instructions.ts";
import { type SignedMessage, verifyInstruction } from "../signed-message.ts";

/** The envelope that an instruction about an equivocation shows. */
export interface SignedEnvelope {
  readonly envelope: SignedMessage;
}

/**
 * Records one signed envelope of a member: the first half of the proof that the member signed two
 * envelopes with one sequence. The reporter pays the rent and gets it back with the second half.
 */
export function equivocationOpen(
  program: PublicKey,
  input: EquivocationOpenInput & SignedEnvelope,
): TransactionInstruction[] {
  return [verifyInstruction(input.envelope), ...open(program, input)];
}

/** Takes the stake of a member that has signed a second envelope with the recorded sequence. */
export function memberEquivocation(
  program: PublicKey,
  input: MemberEquivocationInput & SignedEnvelope,
): TransactionInstruction[] {
  return [verifyInstruction(input.envelope), ...prove(program, input)];
}
