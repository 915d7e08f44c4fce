import type { Queries } from "./database.ts";

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

    /** Forgets nonces whose requests would be refused by their time. */
    async forget(now: bigint): Promise<void> {
      await queries.deleteFrom("nonces").where("expires_at", "<", now).execute();
    },
  };
}
