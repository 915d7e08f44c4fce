import { instantiateKernels, type Kernels } from "./instance.ts";

/** Entries per block: a block of sums (64 kB) and of one update (32 kB) stay in the second-level cache while they are added. */
const BLOCK = 8192;

/**
 * P int64 sums of weight x int32, in a WebAssembly memory of 8 P bytes and one block, however many updates are folded. The caller keeps
 * the sum of weights below 2^26, which keeps every sum below 2^57.
 */
export class WeightedSum {
  readonly length: number;
  readonly #kernels: Kernels;
  readonly #sums: number;
  readonly #block: number;

  constructor(length: number) {
    const padded = Math.ceil(length / 4) * 4;
    this.length = length;
    this.#kernels = instantiateKernels(padded * 8 + BLOCK * 8);
    this.#block = this.#kernels.heap;
    this.#sums = this.#block + BLOCK * 8;
  }

  /** sums += weight * delta. `delta` has `length` entries; a negative weight takes an update out again. */
  add(delta: Int32Array, weight: number): void {
    const { memory, fold } = this.#kernels;
    const block = new Int32Array(memory.buffer, this.#block, BLOCK);
    for (let start = 0; start < this.length; start += BLOCK) {
      const n = Math.min(BLOCK, this.length - start);
      block.set(n === delta.length ? delta : delta.subarray(start, start + n));
      // Lanes behind the last entry add to padding sums, which nothing reads.
      fold(this.#sums + start * 8, this.#block, weight, Math.ceil(n / 4) * 4);
    }
  }

  /** sums += other's sums. */
  join(other: WeightedSum): void {
    const block = new Uint8Array(this.#kernels.memory.buffer, this.#block, BLOCK * 8);
    const theirs = other.bytes();
    for (let start = 0; start < this.length; start += BLOCK) {
      const n = Math.min(BLOCK, this.length - start);
      block.set(theirs.subarray(start * 8, (start + n) * 8));
      this.#kernels.join(this.#sums + start * 8, this.#block, Math.ceil(n / 2) * 2);
    }
  }

  /** floor((2 sum + total) / (2 total)) of every sum; total is 1 .. 2^26 - 1. */
  mean(total: number): Int32Array {
    const out = new Int32Array(this.length);
    const block = new Int32Array(this.#kernels.memory.buffer, this.#block, BLOCK);
    for (let start = 0; start < this.length; start += BLOCK) {
      const n = Math.min(BLOCK, this.length - start);
      this.#kernels.quotient(this.#sums + start * 8, total, this.#block, n);
      out.set(n === BLOCK ? block : block.subarray(0, n), start);
    }
    return out;
  }

  /** The sums as little-endian int64: a view of the live memory. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#kernels.memory.buffer, this.#sums, this.length * 8);
  }
}
