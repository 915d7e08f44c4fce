import { vectorToBytes } from "./fixed-point.ts";
import { leafHash, merkleRoot } from "./merkle.ts";

/** Integers per leaf of a vector's tree: as many as one transaction of a fraud proof carries. */
export const CHUNK_LENGTH = 64;

/** Number of leaves of the tree over a vector of `length` integers. */
export function chunkCount(length: number): number {
  return Math.ceil(length / CHUNK_LENGTH);
}

/** The 256 bytes of chunk `index`; the last chunk is padded with zeros. */
export function chunkBytes(vector: Int32Array, index: number): Uint8Array {
  const out = new Uint8Array(CHUNK_LENGTH * 4);
  out.set(vectorToBytes(vector.slice(index * CHUNK_LENGTH, (index + 1) * CHUNK_LENGTH)));
  return out;
}

/** Leaf hashes of a vector's tree, one a chunk. */
export function chunkLeaves(vector: Int32Array): Uint8Array[] {
  return Array.from({ length: chunkCount(vector.length) }, (_, i) =>
    leafHash(chunkBytes(vector, i)),
  );
}

/**
 * Root over a vector's chunks: `modelRoot`, `deltaRoot` and state roots. An empty vector has the
 * empty root.
 */
export function vectorRoot(vector: Int32Array): Uint8Array {
  return merkleRoot(chunkLeaves(vector));
}
