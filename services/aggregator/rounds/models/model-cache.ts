import { toHex, vectorFromBytes } from "@plenary/protocol";
import type { BlobStore } from "../../store/blobs/index.ts";

const KEPT = 4;

/**
 * Models and states by their blob's hash. A round builds on the model of the round before, so the
 * few newest are kept in memory.
 */
export class ModelCache {
  readonly #blobs: BlobStore;
  readonly #kept = new Map<string, Int32Array>();

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** The vector in a blob. Callers must not change it. Throws `not-found`. */
  async load(hash: Uint8Array): Promise<Int32Array> {
    const name = toHex(hash);
    const vector = this.#kept.get(name) ?? vectorFromBytes(await this.#blobs.read(hash));
    this.keep(hash, vector);
    return vector;
  }

  keep(hash: Uint8Array, vector: Int32Array): void {
    const name = toHex(hash);
    this.#kept.delete(name);
    this.#kept.set(name, vector);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}
