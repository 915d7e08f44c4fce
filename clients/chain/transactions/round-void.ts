import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { roundAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface RoundVoid {
  readonly federation: PublicKey;
  readonly number: bigint;
}

/** Voids a round that was not committed in time, or that builds on a void one; anyone may. */
export function roundVoid(program: PublicKey, input: RoundVoid): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    round: roundAddress(program, input.federation, input.number),
  };
  return [buildInstruction(program, "roundVoid", accounts)];
}
