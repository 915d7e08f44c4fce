import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { memberAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface PayoutUpdate {
  readonly federation: PublicKey;
  readonly owner: PublicKey;
  readonly payout: PublicKey;
}

/** Names another token account for rewards. */
export function payoutUpdate(program: PublicKey, input: PayoutUpdate): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    member: memberAddress(program, input.federation, input.owner),
    owner: input.owner,
    payout: input.payout,
  };
  return [buildInstruction(program, "payoutUpdate", accounts)];
}
