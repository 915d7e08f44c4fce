import type { BlobStore } from "./blob-store.ts";
import { folderBlobStore } from "./folder.ts";

/** Kinds of blob store, by URL scheme of their location. */
export const BLOB_STORES = { file: folderBlobStore } as const satisfies Record<
  string,
  (location: string) => Promise<BlobStore>
>;

export type { BlobExpectation, BlobRange, BlobStore } from "./blob-store.ts";
