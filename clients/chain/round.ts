import type { Connection, PublicKey } from "@solana/web3.js";
import { decodeAccount } from "./decode-account.ts";
import type { Round as RoundFields } from "./generated/structures.ts";
import { FEDERATION_OFFSET, readAccount, readProgramAccounts } from "./read-account.ts";

export type { RoundStatus } from "./generated/structures.ts";

/** A Round account with its address. It holds the `RoundCommitment` once the round is committed. */
export interface Round extends Omit<RoundFields, "version" | "bump"> {
  readonly address: PublicKey;
}

/** Decodes a Round account's bytes. Throws `invalid-input` if they are something else. */
export function decodeRound(address: PublicKey, data: Uint8Array): Round {
  const { version, bump, ...fields } = decodeAccount("Round", data);
  return { address, ...fields };
}

/**
 * Reads a round at commitment `confirmed`. Null if there is none at the address: it is not opened
 * yet, or closed. Throws `chain-unavailable`.
 */
export function readRound(connection: Connection, address: PublicKey): Promise<Round | null> {
  return readAccount(connection, address, decodeRound);
}

/** All rounds of a federation that are not closed, ascending by number. */
export async function listRounds(
  connection: Connection,
  program: PublicKey,
  federation: PublicKey,
): Promise<Round[]> {
  const filters = [{ memcmp: { offset: FEDERATION_OFFSET, bytes: federation.toBase58() } }];
  const rounds = await readProgramAccounts(connection, program, "Round", filters, decodeRound);
  return rounds.sort((left, right) => (left.number < right.number ? -1 : 1));
}
