import { instantiateKernels, type Kernels } from "./instance.ts";

/**
 * Entries per block: a block of sums (64 kB) and blocks of four updates (128 kB) stay in the
 * second-level cache while they are added.
 */
const BLOCK = 8192;
/** Bytes from one block of updates to the next, as in the fold4 kernel. */
const STRIDE = 33_856;
/** Bytes before the sums. */
const SCRATCH = 4 * STRIDE;

/** One update and its weight. */
export interface WeightedDelta {
  readonly delta: Int32Array;
  readonly weight: number;
}

/**
 * P int64 sums of weight x int32, in a WebAssembly memory of 8 P bytes and four blocks, however
 * many updates are folded. The caller keeps the sum of weights below 2^26, which keeps every sum
 * below 2^57.
 */
export class WeightedSum {
  readonly length: number;
  readonly #kernels: Kernels;
  readonly #sums: number;
  readonly #block: number;

  constructor(length: number) {
    const padded = Math.ceil(length / 4) * 4;
    this.length = length;
    this.#kernels = instantiateKernels(SCRATCH + padded * 8);
    this.#block = this.#kernels.heap;
    this.#sums = this.#block + SCRATCH;
  }

  /**
   * sums += weight * delta for every update, each of `length` entries; a negative weight takes an
   * update out again. One block of sums takes the blocks of all updates before the next, so that
   * sums are read and written once.
   */
  add(updates: readonly WeightedDelta[]): void {
    const blocks = [0, 1, 2, 3].map(
      (i) => new Int32Array(this.#kernels.memory.buffer, this.#block + i * STRIDE, BLOCK),
    );
    for (let start = 0; start < this.length; start += BLOCK)
      for (let first = 0; first < updates.length; first += 4)
        this.#addBlock(start, updates, first, blocks);
  }

  /**
   * Adds entries start .. start + BLOCK of up to four updates. It runs for every 8192 entries, so
   * that it makes no objects but views.
   */
  #addBlock(
    start: number,
    updates: readonly WeightedDelta[],
    first: number,
    blocks: readonly Int32Array[],
  ): void {
    const n = Math.min(BLOCK, this.length - start);
    const count = Math.min(4, updates.length - first);
    for (let i = 0; i < count; i++)
      blocks[i]!.set(updates[first + i]!.delta.subarray(start, start + n));
    // Lanes behind the last entry add to padding sums, which nothing reads.
    const padded = Math.ceil(n / 4) * 4;
    const sums = this.#sums + start * 8;
    const weight = (i: number): number => updates[first + i]!.weight;
    if (count === 4)
      this.#kernels.fold4(sums, this.#block, weight(0), weight(1), weight(2), weight(3), padded);
    else
      for (let i = 0; i < count; i++)
        this.#kernels.fold(sums, this.#block + i * STRIDE, weight(i), padded);
  }

  /** floor((2 sum + total) / (2 total)) of every sum; total is 1 .. 2^26 - 1. */
  mean(total: number): Int32Array {
    const out = new Int32Array(this.length);
    const block = new Int32Array(this.#kernels.memory.buffer, this.#block, BLOCK);
    for (let start = 0; start < this.length; start += BLOCK) {
      const n = Math.min(BLOCK, this.length - start);
      this.#kernels.quotient(this.#sums + start * 8, total, this.#block, Math.ceil(n / 4) * 4);
      out.set(n === BLOCK ? block : block.subarray(0, n), start);
    }
    return out;
  }

  /** The sums as little-endian int64: a view of the live memory. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#kernels.memory.buffer, this.#sums, this.length * 8);
  }
}
