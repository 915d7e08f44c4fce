import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeAccount } from "./decode-account.ts";
import type { Federation as FederationFields } from "./generated/structures.ts";
import { readAccount, readProgramAccounts } from "./read-account.ts";

export type { Admission, Rules, Terms } from "./generated/structures.ts";

/** A Federation account with its address. */
export interface Federation extends Omit<FederationFields, "version" | "bump"> {
  readonly address: PublicKey;
}

/** Decodes a Federation account's bytes. Throws `invalid-input` if they are something else. */
export function decodeFederation(address: PublicKey, data: Uint8Array): Federation {
  const { version, bump, ...fields } = decodeAccount("Federation", data);
  return { address, ...fields };
}

/** Reads a federation at commitment `confirmed`; null if there is none at the address. */
export function readFederation(
  connection: Connection,
  address: PublicKey,
): Promise<Federation | null> {
  return readAccount(connection, address, decodeFederation);
}

/** All federations of a program. */
export function listFederations(connection: Connection, program: PublicKey): Promise<Federation[]> {
  return readProgramAccounts(connection, program, "Federation", [], decodeFederation);
}
