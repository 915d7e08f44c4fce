import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { memberAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface MemberClose {
  readonly federation: PublicKey;
  readonly owner: PublicKey;
  readonly rentPayer: PublicKey;
}

/** Closes the account of a member that left and was never paid; its rent goes back to who paid it. */
export function memberClose(program: PublicKey, input: MemberClose): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    member: memberAddress(program, input.federation, input.owner),
    owner: input.owner,
    rentPayer: input.rentPayer,
  };
  return [buildInstruction(program, "memberClose", accounts)];
}
