import type { BlobStore } from "./blob-store.ts";
import type { Files } from "./files.ts";
import { folderBlobStore } from "./folder.ts";

/** Kinds of blob store, by URL scheme of their location. */
export const BLOB_STORES = { file: folderBlobStore } as const satisfies Record<
  string,
  (location: string, files?: Files) => Promise<BlobStore>
>;

export type { BlobExpectation, BlobRange, BlobStore } from "./blob-store.ts";
export { type Files, nodeFiles, type OpenFile } from "./files.ts";
