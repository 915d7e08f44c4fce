import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { buildInstruction } from "../program.ts";

export interface FederationPause {
  readonly federation: PublicKey;
  readonly authority: PublicKey;
  readonly paused: boolean;
}

/** Stops new rounds and new members, or lets them go on; claims and withdrawals are never stopped. */
export function federationPause(
  program: PublicKey,
  input: FederationPause,
): TransactionInstruction[] {
  const accounts = {
    federation: input.federation,
    authority: input.authority,
  };
  return [buildInstruction(program, "federationPause", accounts, { paused: input.paused })];
}
