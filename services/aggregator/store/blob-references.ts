import { sql } from "kysely";
import type { Queries } from "./database.ts";
import type { FederationRow } from "./federations.ts";

/**
 * Which federations refer to a blob, and which keys have uploaded it: this decides who may read it.
 */
export function blobReferenceStore(queries: Queries) {
  return {
    /** Remembers that the holder of a key has uploaded a blob. */
    async recordUpload(hash: Uint8Array, key: Uint8Array): Promise<void> {
      await queries
        .insertInto("blob_uploads")
        .values({ hash, key })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    async isUploader(hash: Uint8Array, key: Uint8Array): Promise<boolean> {
      const found = await queries
        .selectFrom("blob_uploads")
        .select("hash")
        .where("hash", "=", hash)
        .where("key", "=", key)
        .executeTakeFirst();
      return found !== undefined;
    },

    /** Remembers blobs that a federation refers to outside its rounds. */
    async refer(federation: Uint8Array, hashes: readonly Uint8Array[]): Promise<void> {
      await queries
        .insertInto("federation_blobs")
        .values(hashes.map((hash) => ({ federation, hash })))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    /**
     * Federations that refer to a blob: by their configuration, as a round's model, state or
     * manifest, or as an update's payload.
     */
    referring: (hash: Uint8Array): Promise<FederationRow[]> =>
      queries
        .selectFrom("federations")
        .selectAll()
        .where(
          sql<boolean>`address IN (
            SELECT federation FROM federation_blobs WHERE hash = ${hash}
            UNION ALL SELECT federation FROM updates WHERE payload_hash = ${hash}
            UNION ALL SELECT federation FROM rounds WHERE next_blob = ${hash}
            UNION ALL SELECT federation FROM rounds WHERE next_state_blob = ${hash}
            UNION ALL SELECT federation FROM rounds WHERE manifest_hash = ${hash}
          )`,
        )
        .execute(),

    /** Federations that were registered before references were kept. */
    withoutReferences: (): Promise<FederationRow[]> =>
      queries
        .selectFrom("federations")
        .selectAll()
        .where(
          sql<boolean>`NOT EXISTS (SELECT 1 FROM federation_blobs WHERE federation = federations.address)`,
        )
        .execute(),
  };
}
