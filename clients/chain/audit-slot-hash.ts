import type { Connection, PublicKey } from "@solana/web3.js";
import { unreachable } from "./errors.ts";
import { parseEvents } from "./events.ts";

/**
 * The slot hash that a round's audits were drawn with. The account keeps only its hash with the envelopes; the event of the draw tells it.
 * Null if the node knows no such transaction. Throws `chain-unavailable`.
 */
export async function readAuditSlotHash(
  connection: Connection,
  program: PublicKey,
  round: PublicKey,
): Promise<Uint8Array | null> {
  const asked = unreachable(connection);
  const transactions = await connection.getSignaturesForAddress(round, {}, "confirmed").catch(asked);
  for (const { signature, err } of transactions) {
    if (err !== null) continue;
    const options = { commitment: "confirmed", maxSupportedTransactionVersion: 0 } as const;
    const found = await connection.getTransaction(signature, options).catch(asked);
    for (const { name, fields } of parseEvents(program, found?.meta?.logMessages ?? []))
      if (name === "AuditDrawn" && fields.slotHash instanceof Uint8Array) return fields.slotHash;
  }
  return null;
}
