import type { Connection, PublicKey } from "@solana/web3.js";
import { parseEvents } from "./events.ts";
import { readHistory, readTransaction } from "./history.ts";

/**
 * The slot hash that a round's audits were drawn with. The account keeps only its hash with the envelopes; the event of the draw tells it.
 * Null if the node knows no such transaction. Throws `chain-unavailable`.
 */
export async function readAuditSlotHash(
  connection: Connection,
  program: PublicKey,
  round: PublicKey,
): Promise<Uint8Array | null> {
  for (const { signature } of await readHistory(connection, round)) {
    const found = await readTransaction(connection, signature);
    for (const { name, fields } of parseEvents(program, found?.meta?.logMessages ?? []))
      if (name === "AuditDrawn" && fields.slotHash instanceof Uint8Array) return fields.slotHash;
  }
  return null;
}
