import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { roundAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface RoundFinalize {
  readonly federation: PublicKey;
  readonly number: bigint;
}

/** Makes the oldest committed round final after its challenge window; anyone may. */
export function roundFinalize(program: PublicKey, input: RoundFinalize): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    round: roundAddress(program, input.federation, input.number),
  };
  return [buildInstruction(program, "roundFinalize", accounts)];
}
