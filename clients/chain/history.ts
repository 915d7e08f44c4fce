import type { Connection, PublicKey, VersionedTransactionResponse } from "@solana/web3.js";
import { unreachable } from "./errors.ts";

/** A transaction that names an account. */
export interface PastTransaction {
  readonly signature: string;
  /** Unix seconds by the chain's clock. Null if the node does not say. */
  readonly time: bigint | null;
}

/**
 * The newest transactions of an account, newest first, without those that the chain refused.
 * `limit` counts both. Throws `chain-unavailable`.
 */
export async function readHistory(
  connection: Connection,
  address: PublicKey,
  limit = 1_000,
): Promise<PastTransaction[]> {
  const found = await connection
    .getSignaturesForAddress(address, { limit }, "confirmed")
    .catch(unreachable(connection));
  return found
    .filter(({ err }) => err === null)
    .map(({ signature, blockTime }) => ({
      signature,
      time: blockTime == null ? null : BigInt(blockTime),
    }));
}

/** A confirmed transaction. Null if the node does not show it. Throws `chain-unavailable`. */
export function readTransaction(
  connection: Connection,
  signature: string,
): Promise<VersionedTransactionResponse | null> {
  return connection
    .getTransaction(signature, { commitment: "confirmed", maxSupportedTransactionVersion: 0 })
    .catch(unreachable(connection));
}
