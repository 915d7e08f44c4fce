import { toHex, vectorFromBytes } from "@plenary/protocol";
import { LRUCache } from "lru-cache";
import type { BlobStore } from "../../store/blobs/index.ts";

const KEPT = 4;

/**
 * Models and states by their blob's hash. A round builds on the model of the round before, so the
 * few newest are kept in memory.
 */
export class ModelCache {
  readonly #blobs: BlobStore;
  readonly #kept = new LRUCache<string, Int32Array>({ max: KEPT });

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** The vector in a blob. Callers must not change it. Throws `not-found`. */
  async load(hash: Uint8Array): Promise<Int32Array> {
    const vector = this.#kept.get(toHex(hash)) ?? vectorFromBytes(await this.#blobs.read(hash));
    this.keep(hash, vector);
    return vector;
  }

  keep(hash: Uint8Array, vector: Int32Array): void {
    this.#kept.set(toHex(hash), vector);
  }
}
