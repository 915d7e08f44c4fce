import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { roundAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface RoundClose {
  readonly federation: PublicKey;
  readonly authority: PublicKey;
  readonly number: bigint;
  readonly rentPayer: PublicKey;
}

/** Closes a round that nothing refers to any more; its rent goes back to who paid it. */
export function roundClose(program: PublicKey, input: RoundClose): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    round: roundAddress(program, input.federation, input.number),
    authority: input.authority,
    rentPayer: input.rentPayer,
  };
  return [buildInstruction(program, "roundClose", accounts)];
}
