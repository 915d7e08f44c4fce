import { sharedKernels } from "./instance.ts";

/** Integers that share a scale. */
export const INT8_BLOCK = 64;
/** Blocks copied at a time. */
const BATCH = 128;
const LENGTH = BATCH * INT8_BLOCK;
const SCALES = LENGTH * 4;
const VALUES = SCALES + BATCH * 4;
const HEAP = VALUES + LENGTH;

/**
 * Quantises `vector` into `scales` (u32 little-endian, one a block) and `values` (int8, one an
 * entry), which the caller has sized. Every |entry| is below 2^27.
 */
export function quantizeInt8(vector: Int32Array, scales: Uint8Array, values: Uint8Array): void {
  const { heap, memory, encodeInt8 } = sharedKernels(HEAP);
  const input = new Int32Array(memory.buffer, heap, LENGTH);
  const bytes = new Uint8Array(memory.buffer, heap, HEAP);
  for (let start = 0; start < vector.length; start += LENGTH) {
    const n = Math.min(LENGTH, vector.length - start);
    const blocks = Math.ceil(n / INT8_BLOCK);
    input.set(vector.subarray(start, start + n));
    input.fill(0, n, blocks * INT8_BLOCK);
    encodeInt8(heap, heap + SCALES, heap + VALUES, blocks);
    scales.set(bytes.subarray(SCALES, SCALES + blocks * 4), (start / INT8_BLOCK) * 4);
    values.set(bytes.subarray(VALUES, VALUES + n), start);
  }
}

/** The reverse, into `out`. Returns the index of the first block that no encoder emits, or -1. */
export function dequantizeInt8(scales: Uint8Array, values: Uint8Array, out: Int32Array): number {
  const { heap, memory, decodeInt8 } = sharedKernels(HEAP);
  const output = new Int32Array(memory.buffer, heap, LENGTH);
  const bytes = new Uint8Array(memory.buffer, heap, HEAP);
  for (let start = 0; start < out.length; start += LENGTH) {
    const n = Math.min(LENGTH, out.length - start);
    const blocks = Math.ceil(n / INT8_BLOCK);
    const firstBlock = start / INT8_BLOCK;
    bytes.set(scales.subarray(firstBlock * 4, (firstBlock + blocks) * 4), SCALES);
    bytes.set(values.subarray(start, start + n), VALUES);
    bytes.fill(0, VALUES + n, VALUES + blocks * INT8_BLOCK);
    const bad = decodeInt8(heap + SCALES, heap + VALUES, heap, blocks);
    if (bad >= 0) return firstBlock + bad;
    out.set(output.subarray(0, n), start);
  }
  return -1;
}
