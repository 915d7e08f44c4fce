import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeAccount } from "./decode-account.ts";
import type { Equivocation as EquivocationFields } from "./generated/structures.ts";
import { readAccount } from "./read-account.ts";

/** An Equivocation account: the first of two envelopes that a member signed with one sequence. */
export interface Equivocation extends Omit<EquivocationFields, "version" | "bump" | "genesisHash"> {
  readonly address: PublicKey;
}

/** Decodes an Equivocation account's bytes. Throws `invalid-input` if they are something else. */
export function decodeEquivocation(address: PublicKey, data: Uint8Array): Equivocation {
  const { version, bump, genesisHash, ...fields } = decodeAccount("Equivocation", data);
  return { address, ...fields };
}

/** Reads the first half of a proof at commitment `confirmed`. Null if the address has none. */
export function readEquivocation(
  connection: Connection,
  address: PublicKey,
): Promise<Equivocation | null> {
  return readAccount(connection, address, decodeEquivocation);
}
