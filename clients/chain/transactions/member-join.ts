import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { memberJoin as join, type MemberJoinInput } from "../generated/instructions.ts";
import { type SignedMessage, verifyInstruction } from "../signed-message.ts";

export interface MemberJoin extends MemberJoinInput {
  /** Where members join by approval: an admission that the authority has signed for the owner. */
  readonly admission?: SignedMessage | undefined;
}

/** Joins a federation, or joins it again after leaving, with a stake. */
export function memberJoin(program: PublicKey, input: MemberJoin): TransactionInstruction[] {
  const { admission } = input;
  const instructions = join(program, input);
  // The program looks for the admission's signature in the instruction before its own.
  return admission === undefined ? instructions : [verifyInstruction(admission), ...instructions];
}
