import { PlenaryError } from "@plenary/protocol";
import type { Connection, GetProgramAccountsFilter, PublicKey } from "@solana/web3.js";
import { unreachable } from "./errors.ts";
import { CODER } from "./program.ts";

/**
 * Offset of the federation's address in Member, Round and Dispute accounts, after discriminator,
 * version and bump.
 */
export const FEDERATION_OFFSET = 10;

/**
 * Reads and decodes one account at commitment `confirmed`. Null if it does not exist. Throws
 * `chain-unavailable`.
 */
export async function readAccount<T>(
  connection: Connection,
  address: PublicKey,
  decode: (address: PublicKey, data: Uint8Array) => T,
): Promise<T | null> {
  const account = await connection
    .getAccountInfo(address, "confirmed")
    .catch(unreachable(connection));
  return account === null ? null : decode(address, account.data);
}

/** Reads all accounts of one kind that match the filters. Throws `chain-unavailable`. */
export async function readProgramAccounts<T>(
  connection: Connection,
  program: PublicKey,
  kind: string,
  filters: GetProgramAccountsFilter[],
  decode: (address: PublicKey, data: Uint8Array) => T,
): Promise<T[]> {
  const discriminator = CODER.accounts.memcmp(kind);
  if (discriminator.bytes === undefined)
    throw new PlenaryError("internal", `The IDL has no account ${kind}.`, { kind });
  const found = await connection
    .getProgramAccounts(program, {
      commitment: "confirmed",
      filters: [{ memcmp: { offset: 0, bytes: discriminator.bytes } }, ...filters],
    })
    .catch(unreachable(connection));
  return found.map(({ pubkey, account }) => decode(pubkey, account.data));
}
