import type { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { roundAddress } from "../addresses.ts";
import { buildInstruction } from "../program.ts";

export interface AuditDraw {
  readonly federation: PublicKey;
  readonly aggregator: PublicKey;
  readonly number: bigint;
  /** Merkle root over the hashes of all envelopes that the round has, ascending by member. */
  readonly envelopesRoot: Uint8Array;
}

/** Draws the slot hash that decides which updates of the open round are audited; once, when all envelopes are in. */
export function auditDraw(program: PublicKey, input: AuditDraw): TransactionInstruction[] {
  const accounts = {
    round: roundAddress(program, input.federation, input.number),
    aggregator: input.aggregator,
  };
  return [buildInstruction(program, "auditDraw", accounts, { envelopesRoot: input.envelopesRoot })];
}
