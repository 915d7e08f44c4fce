import { fromBase58 } from "@plenary/protocol";
import { sql } from "kysely";
import type { Queries } from "./database.ts";

/** A clock that runs ahead and is then set right must not make a request good a second time. */
const KEPT_MILLISECONDS = 86_400_000n;

export function nonceStore(queries: Queries) {
  return {
    /** Remembers a nonce until `expiresAt`; false if this key has used it. */
    async use(key: Uint8Array, nonce: string, expiresAt: bigint): Promise<boolean> {
      const used = await queries
        .insertInto("nonces")
        .values({ key, nonce, expires_at: expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .returning("nonce")
        .executeTakeFirst();
      return used !== undefined;
    },

    /**
     * Forgets nonces whose requests are refused by their time: those of strangers at once, because
     * anybody can make any number of keys, and those of keys that a federation knows after a day.
     */
    async forget(now: bigint): Promise<void> {
      const auditors = await auditorKeys(queries);
      await sql`
        DELETE FROM nonces WHERE expires_at < ${now - KEPT_MILLISECONDS} OR (
          expires_at < ${now}
          AND key <> ALL (${auditors}::bytea[])
          AND NOT EXISTS (SELECT 1 FROM members WHERE owner = nonces.key)
          AND NOT EXISTS (SELECT 1 FROM members WHERE update_key = nonces.key)
          AND NOT EXISTS (
            SELECT 1 FROM federations WHERE authority = nonces.key OR aggregator = nonces.key
          )
        )
      `.execute(queries);
    },
  };
}

async function auditorKeys(queries: Queries): Promise<Buffer[]> {
  const { rows } = await sql<{ auditor: string }>`
    SELECT DISTINCT json_array_elements_text(configuration -> 'audits' -> 'auditors') AS auditor
    FROM federations WHERE configuration -> 'audits' IS NOT NULL
  `.execute(queries);
  // Arrays of bytes reach PostgreSQL as Buffers only.
  return rows.map(({ auditor }) => Buffer.from(fromBase58(auditor)));
}
