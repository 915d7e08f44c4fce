import type { Readable } from "node:stream";
import type { PlenaryError } from "@plenary/protocol";

export interface BlobRange {
  /** First and last byte, both included. */
  readonly start: number;
  readonly end: number;
}

/** What a sender has promised about the bytes that it streams. */
export interface BlobExpectation {
  /** SHA-256 of the whole. */
  readonly hash: Uint8Array;
  /** Exact length in bytes, where it is known. */
  readonly length?: number;
  /** Most bytes to take. */
  readonly limit: number;
}

/**
 * Bytes named by their SHA-256: payloads, models, manifests, questionnaires. What it holds never
 * changes and survives a power cut.
 */
export interface BlobStore {
  /** Length in bytes, or undefined if there is no such blob. */
  size(hash: Uint8Array): Promise<number | undefined>;
  /** Throws `not-found`. */
  read(hash: Uint8Array): Promise<Uint8Array>;
  /** The caller has asked for the size before. */
  stream(hash: Uint8Array, range?: BlobRange): Readable;
  /** Stores bytes durably and returns their hash. Throws `storage-full`. */
  write(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * Stores a stream durably, hashing while it passes; returns its length. Throws
   * `payload-truncated`, `payload-too-large`, `payload-hash-mismatch` or `storage-full`, and then
   * keeps nothing.
   */
  receive(source: AsyncIterable<Uint8Array>, expected: BlobExpectation): Promise<number>;
  /** Undefined if bytes can be written, else what is wrong. */
  problem(): Promise<PlenaryError | undefined>;
}
