import { sha256 } from "./hash.ts";

/** 32 bytes, or a number (hashed). Equal seeds draw equally on every machine. */
export type Seed = Uint8Array | number;

const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

/**
 * Pseudo-random draws from ChaCha20's key stream (RFC 8439): integer arithmetic only, so that they
 * are the same everywhere.
 */
export interface RandomStream {
  /** Uniform in 0 .. bound - 1, without bias. */
  below(bound: number): number;
  /** Uniform multiple of 2^-24 in [0, 1). */
  unit(): number;
  /** Uniform in minimum .. maximum, both included. */
  between(minimum: number, maximum: number): number;
  /** A random order of the items. */
  shuffled<Item>(items: readonly Item[]): Item[];
}

/** The stream of one purpose: different labels draw independently from the same seed. */
export function randomStream(seed: Seed, ...labels: readonly (string | number)[]): RandomStream {
  const encoder = new TextEncoder();
  const seedBytes = typeof seed === "number" ? encoder.encode(`number ${seed}`) : seed;
  const purpose = encoder.encode(JSON.stringify(["plenary/random/1", ...labels]));
  const next = words(sha256(sha256(seedBytes), purpose));
  const below = (bound: number): number => {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = next();
    while (word >= limit) word = next();
    return word % bound;
  };
  return {
    below,
    unit: () => Math.floor(next() / 256) / 2 ** 24,
    between: (minimum, maximum) => minimum + below(maximum - minimum + 1),
    shuffled: (items) => {
      const order = [...items];
      for (let last = order.length - 1; last > 0; last -= 1) {
        const other = below(last + 1);
        [order[last], order[other]] = [order[other]!, order[last]!];
      }
      return order;
    },
  };
}

function words(key: Uint8Array): () => number {
  const nonce = new Uint8Array(12);
  let counter = 0;
  let block: Uint32Array = new Uint32Array(0);
  let position = 0;
  return () => {
    if (position === block.length) {
      block = chachaBlock(key, counter, nonce);
      counter += 1;
      position = 0;
    }
    position += 1;
    return block[position - 1]!;
  };
}

/** One block of 16 words (RFC 8439, section 2.3). */
export function chachaBlock(key: Uint8Array, counter: number, nonce: Uint8Array): Uint32Array {
  const keyView = new DataView(key.buffer, key.byteOffset, 32);
  const nonceView = new DataView(nonce.buffer, nonce.byteOffset, 12);
  const start = new Uint32Array(16);
  start.set(CONSTANTS, 0);
  for (let i = 0; i < 8; i += 1) start[4 + i] = keyView.getUint32(4 * i, true);
  start[12] = counter;
  for (let i = 0; i < 3; i += 1) start[13 + i] = nonceView.getUint32(4 * i, true);
  const state = start.slice();
  for (let round = 0; round < 10; round += 1) {
    for (let i = 0; i < 4; i += 1) quarterRound(state, i, 4 + i, 8 + i, 12 + i);
    for (let i = 0; i < 4; i += 1) {
      quarterRound(state, i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
    }
  }
  return state.map((word, i) => word + start[i]!);
}

/** RFC 8439, section 2.1 */
function quarterRound(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  mix(state, a, b, d, 16);
  mix(state, c, d, b, 12);
  mix(state, a, b, d, 8);
  mix(state, c, d, b, 7);
}

function mix(state: Uint32Array, sum: number, addend: number, rotated: number, bits: number): void {
  state[sum] = state[sum]! + state[addend]!;
  const word = state[rotated]! ^ state[sum]!;
  state[rotated] = (word << bits) | (word >>> (32 - bits));
}
