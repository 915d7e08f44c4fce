import type { Connection, PublicKey } from "@solana/web3.js";
import { parseEvents } from "./events.ts";
import { readHistory, readTransaction } from "./history.ts";

/**
 * The slot hash that a round's audits were drawn with, from the event of the draw. The account
 * holds only the hash of it and the envelopes. Null if the node knows no such transaction. Throws
 * `chain-unavailable`.
 */
export async function readAuditSlotHash(
  connection: Connection,
  program: PublicKey,
  round: PublicKey,
): Promise<Uint8Array | null> {
  for (const { signature } of await readHistory(connection, round)) {
    const found = await readTransaction(connection, signature);
    for (const event of parseEvents(program, found?.meta?.logMessages ?? []))
      if (event.name === "AuditDrawn") return event.fields.slotHash;
  }
  return null;
}
