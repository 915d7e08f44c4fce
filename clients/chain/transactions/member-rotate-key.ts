import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { memberAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface MemberRotateKey {
  readonly federation: PublicKey;
  readonly owner: PublicKey;
  readonly updateKey: PublicKey;
}

/** Replaces the key that signs updates, from the next round on. */
export function memberRotateKey(
  program: PublicKey,
  input: MemberRotateKey,
): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    member: memberAddress(program, input.federation, input.owner),
    owner: input.owner,
  };
  return [buildInstruction(program, "memberRotateKey", accounts, { updateKey: input.updateKey })];
}
