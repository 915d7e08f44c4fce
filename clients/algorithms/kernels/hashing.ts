import { CHUNK_LENGTH, chunkCount, EMPTY_ROOT, HASH_LENGTH } from "@plenary/protocol";
import { type Kernels, sharedKernels } from "./instance.ts";

const CHUNK_BYTES = CHUNK_LENGTH * 4;
/** Chunks copied and hashed at a time, a multiple of four. */
const BATCH = 256;
/** Bytes before the chunks, because the hash kernel reads one byte before its source. */
const GAP = 64;
/** Hashes behind the last one that the kernels may overwrite. */
const SLACK = 8;

/**
 * Root of a vector's tree, four chunks at a time. The result is that of vectorRoot of
 * @plenary/protocol.
 */
export function vectorRootFast(vector: Int32Array): Uint8Array {
  const chunks = chunkCount(vector.length);
  if (chunks === 0) return EMPTY_ROOT.slice();
  const { kernels, hashes } = hashChunks(vector, chunks);
  kernels.rootOfHashes(hashes, chunks);
  return new Uint8Array(kernels.memory.buffer, hashes, HASH_LENGTH).slice();
}

/**
 * Leaf hashes of a vector's tree, one per chunk, as views of one buffer. The result is that of
 * chunkLeaves of @plenary/protocol.
 */
export function chunkLeavesFast(vector: Int32Array): Uint8Array[] {
  const chunks = chunkCount(vector.length);
  if (chunks === 0) return [];
  const { kernels, hashes } = hashChunks(vector, chunks);
  const all = new Uint8Array(kernels.memory.buffer, hashes, chunks * HASH_LENGTH).slice();
  return Array.from({ length: chunks }, (_, i) =>
    all.subarray(i * HASH_LENGTH, (i + 1) * HASH_LENGTH),
  );
}

function hashChunks(vector: Int32Array, chunks: number): { kernels: Kernels; hashes: number } {
  const inputBytes = GAP + BATCH * CHUNK_BYTES;
  const kernels = sharedKernels(inputBytes + (chunks + SLACK) * HASH_LENGTH);
  const source = kernels.heap + GAP;
  const hashes = kernels.heap + inputBytes;
  const input = new Int32Array(kernels.memory.buffer, source, BATCH * CHUNK_LENGTH);
  for (let first = 0; first < chunks; first += BATCH) {
    const part = vector.subarray(first * CHUNK_LENGTH, (first + BATCH) * CHUNK_LENGTH);
    input.set(part);
    input.fill(0, part.length);
    const groups = Math.ceil(Math.min(BATCH, chunks - first) / 4);
    kernels.hashTagged(source, hashes + first * HASH_LENGTH, CHUNK_BYTES, 0, groups);
  }
  return { kernels, hashes };
}
