export type { BlobExpectation, BlobRange, BlobStore } from "./blob-store.ts";
export { type Files, nodeFiles, type OpenFile } from "./files.ts";
export { folderBlobStore } from "./folder.ts";
