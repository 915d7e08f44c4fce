import { type Kernels, sharedKernels } from "./instance.ts";

const BLOCK = 8192;
const BLOCK_BYTES = BLOCK * 4;

/** clamp(model + delta), entry by entry, to +-(2^31 - 1): a new vector. Lengths are equal. */
export function addClamped(model: Int32Array, delta: Int32Array): Int32Array {
  return mapBlocks(model, delta, (kernels, a, b, n) => kernels.apply(a, b, n));
}

/**
 * clamp(roundHalfUp(beta velocity / 2^16) + delta): a new vector. beta is 0..65535; lengths are
 * equal.
 */
export function decayAndAdd(velocity: Int32Array, delta: Int32Array, beta: number): Int32Array {
  return mapBlocks(velocity, delta, (kernels, a, b, n) => kernels.momentum(a, b, beta, n));
}

/** Exact size of a vector: the largest magnitude and the sum of squares. */
export interface Magnitude {
  readonly maxAbs: number;
  readonly sumOfSquares: bigint;
}

/** Both in one pass; exact for any int32 vector of at most 2^31 entries. */
export function magnitudeOf(vector: Int32Array): Magnitude {
  const kernels = sharedKernels(BLOCK_BYTES + 16);
  const at = kernels.heap;
  const block = new Int32Array(kernels.memory.buffer, at, BLOCK);
  const halves = new BigUint64Array(kernels.memory.buffer, at + BLOCK_BYTES, 2);
  halves.fill(0n);
  let maxAbs = 0;
  for (let start = 0; start < vector.length; start += BLOCK) {
    const n = load(block, vector, start);
    maxAbs = Math.max(maxAbs, kernels.maxAbs(at, n) >>> 0);
    kernels.squares(at, n, at + BLOCK_BYTES);
  }
  return { maxAbs, sumOfSquares: halves[0]! + (halves[1]! << 32n) };
}

/** Copies a block and pads it with zeros to a multiple of four; returns the padded count. */
function load(block: Int32Array, vector: Int32Array, start: number): number {
  const n = Math.min(BLOCK, vector.length - start);
  block.set(vector.subarray(start, start + n));
  const padded = Math.ceil(n / 4) * 4;
  block.fill(0, n, padded);
  return padded;
}

function mapBlocks(
  first: Int32Array,
  second: Int32Array,
  kernel: (kernels: Kernels, a: number, b: number, n: number) => void,
): Int32Array {
  const out = new Int32Array(first.length);
  const kernels = sharedKernels(2 * BLOCK_BYTES);
  const a = new Int32Array(kernels.memory.buffer, kernels.heap, BLOCK);
  const b = new Int32Array(kernels.memory.buffer, kernels.heap + BLOCK_BYTES, BLOCK);
  for (let start = 0; start < first.length; start += BLOCK) {
    const n = load(a, first, start);
    load(b, second, start);
    kernel(kernels, kernels.heap, kernels.heap + BLOCK_BYTES, n);
    out.set(a.subarray(0, Math.min(BLOCK, first.length - start)), start);
  }
  return out;
}
