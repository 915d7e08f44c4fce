import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeFields } from "./account-fields.ts";
import { readAccount } from "./read-account.ts";

/** An Equivocation account: the first of two envelopes that a member signed with one sequence. */
export interface Equivocation {
  address: PublicKey;
  federation: PublicKey;
  member: PublicKey;
  reporter: PublicKey;
  round: bigint;
  sequence: bigint;
  envelopeHash: Uint8Array;
}

/** Decodes an Equivocation account's bytes. Throws `invalid-input` if they are something else. */
export function decodeEquivocation(address: PublicKey, data: Uint8Array): Equivocation {
  const fields = decodeFields("Equivocation", data);
  return {
    address,
    federation: fields.address("federation"),
    member: fields.address("member"),
    reporter: fields.address("reporter"),
    round: fields.amount("round"),
    sequence: fields.amount("sequence"),
    envelopeHash: fields.hash("envelopeHash"),
  };
}

/** Reads the first half of a proof at commitment `confirmed`; null if there is none at the address. */
export function readEquivocation(
  connection: Connection,
  address: PublicKey,
): Promise<Equivocation | null> {
  return readAccount(connection, address, decodeEquivocation);
}
