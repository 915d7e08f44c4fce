import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { memberAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface MemberExit {
  readonly federation: PublicKey;
  readonly owner: PublicKey;
}

/** Leaves the federation from the next round on; the stake stays for the cooldown. */
export function memberExit(program: PublicKey, input: MemberExit): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    member: memberAddress(program, input.federation, input.owner),
    owner: input.owner,
  };
  return [buildInstruction(program, "memberExit", accounts)];
}
