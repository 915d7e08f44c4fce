import type { Readable } from "node:stream";
import type { PlenaryError } from "@plenary/protocol";

export interface BlobRange {
  /** First and last byte, both inclusive. */
  readonly start: number;
  readonly end: number;
}

/** What a sender has promised about the bytes that it streams. */
export interface BlobExpectation {
  /** SHA-256 of the whole. */
  readonly hash: Uint8Array;
  /** Exact length in bytes, if it is known. */
  readonly length?: number;
  /** The most bytes to take. */
  readonly limit: number;
}

/**
 * Bytes named by their SHA-256: payloads, models, manifests, questionnaires. A stored blob never
 * changes and survives a power cut. Another kind of store is another file with this interface.
 */
export interface BlobStore {
  /** Length in bytes; undefined if the blob does not exist. */
  size(hash: Uint8Array): Promise<number | undefined>;
  /** Throws `not-found`. */
  read(hash: Uint8Array): Promise<Uint8Array>;
  /** The caller must have asked for the size before. */
  stream(hash: Uint8Array, range?: BlobRange): Readable;
  /** Stores bytes durably and resolves with their hash. Throws `storage-full`. */
  write(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * Stores a stream durably, hashing while it passes, and resolves with its length. Throws
   * `payload-truncated`, `payload-too-large`, `payload-hash-mismatch` or `storage-full`, and then
   * keeps nothing.
   */
  receive(source: AsyncIterable<Uint8Array>, expected: BlobExpectation): Promise<number>;
  /** What is wrong; undefined if bytes can be written. */
  problem(): Promise<PlenaryError | undefined>;
}
