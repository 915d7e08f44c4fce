// SHA-256 (FIPS 180-4) of equal-length RFC 6962 leaves and nodes, four at a time, one to a SIMD
// lane.

// prettier-ignore
const K: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
const INITIAL: StaticArray<u32> = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** Message schedule: 64 words of four lanes. */
const W: usize = memory.data(16 * 64, 16);
/** Hash state: 8 words of four lanes. */
const STATE: usize = memory.data(16 * 8, 16);

@inline
function rotr(x: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n));
}

function compress(): void {
  for (let t: usize = 256; t < 1024; t += 16) {
    const w15 = v128.load(W + t - 240);
    const w2 = v128.load(W + t - 32);
    const s0 = v128.xor(v128.xor(rotr(w15, 7), rotr(w15, 18)), i32x4.shr_u(w15, 3));
    const s1 = v128.xor(v128.xor(rotr(w2, 17), rotr(w2, 19)), i32x4.shr_u(w2, 10));
    v128.store(W + t, i32x4.add(i32x4.add(v128.load(W + t - 256), s0), i32x4.add(v128.load(W + t - 112), s1)));
  }
  let a = v128.load(STATE), b = v128.load(STATE, 16), c = v128.load(STATE, 32), d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64), f = v128.load(STATE, 80), g = v128.load(STATE, 96), h = v128.load(STATE, 112);
  for (let t = 0; t < 64; t++) {
    const S1 = v128.xor(v128.xor(rotr(e, 6), rotr(e, 11)), rotr(e, 25));
    const ch = v128.bitselect(f, g, e);
    const kw = i32x4.add(i32x4.splat(unchecked(K[t])), v128.load(W + (<usize>t << 4)));
    const t1 = i32x4.add(i32x4.add(i32x4.add(h, S1), ch), kw);
    const S0 = v128.xor(v128.xor(rotr(a, 2), rotr(a, 13)), rotr(a, 22));
    const maj = v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)));
    h = g; g = f; f = e; e = i32x4.add(d, t1);
    d = c; c = b; b = a; a = i32x4.add(t1, i32x4.add(S0, maj));
  }
  v128.store(STATE, i32x4.add(v128.load(STATE), a));
  v128.store(STATE, i32x4.add(v128.load(STATE, 16), b), 16);
  v128.store(STATE, i32x4.add(v128.load(STATE, 32), c), 32);
  v128.store(STATE, i32x4.add(v128.load(STATE, 48), d), 48);
  v128.store(STATE, i32x4.add(v128.load(STATE, 64), e), 64);
  v128.store(STATE, i32x4.add(v128.load(STATE, 80), f), 80);
  v128.store(STATE, i32x4.add(v128.load(STATE, 96), g), 96);
  v128.store(STATE, i32x4.add(v128.load(STATE, 112), h), 112);
}

/** Turns each of four 32-bit words around (SHA-256 is big-endian). */
@inline
function bigEndian(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** Transposes four words of four lanes and stores them at `to`, 16 bytes apart. */
@inline
function transpose(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const ab2 = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cd2 = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(ab, cd, 0, 2));
  v128.store(to, i64x2.shuffle(ab, cd, 1, 3), 16);
  v128.store(to, i64x2.shuffle(ab2, cd2, 0, 2), 32);
  v128.store(to, i64x2.shuffle(ab2, cd2, 1, 3), 48);
}

/**
 * dst[k] = SHA-256(prefix || src[k]) for k < 4 * groups, where src[k] is `length` bytes (a multiple
 * of 64). The prefix shifts every block by one byte: words are loaded from one byte earlier and the
 * first byte replaced, so src - 1 must be readable memory. dst may equal src when length >= 64.
 */
export function hashTagged(src: usize, dst: usize, length: usize, prefix: i32, groups: i32): void {
  const firstByte = i32x4(prefix, 0, 0, 0);
  const exceptFirst = i32x4(0xffffff00, -1, -1, -1);
  for (let g = 0; g < groups; g++) {
    for (let i: usize = 0; i < 8; i++) v128.store(STATE + (i << 4), v128.load32_splat(changetype<usize>(INITIAL) + (i << 2)));
    for (let block: usize = 0; block < length; block += 64) {
      for (let t: usize = 0; t < 64; t += 16) {
        const p = src + block + t - 1;
        let a = v128.load(p), b = v128.load(p + length), c = v128.load(p + 2 * length), d = v128.load(p + 3 * length);
        if (block + t == 0) {
          a = v128.or(v128.and(a, exceptFirst), firstByte);
          b = v128.or(v128.and(b, exceptFirst), firstByte);
          c = v128.or(v128.and(c, exceptFirst), firstByte);
          d = v128.or(v128.and(d, exceptFirst), firstByte);
        }
        transpose(W + (t << 2), bigEndian(a), bigEndian(b), bigEndian(c), bigEndian(d));
      }
      compress();
    }
    // The last block: the last byte, the terminating bit, zeros, the length in bits.
    const last = src + length - 1;
    v128.store(W, i32x4.splat(0x00800000));
    store<u8>(W + 3, load<u8>(last));
    store<u8>(W + 7, load<u8>(last + length));
    store<u8>(W + 11, load<u8>(last + 2 * length));
    store<u8>(W + 15, load<u8>(last + 3 * length));
    memory.fill(W + 16, 0, 14 * 16);
    v128.store(W + 240, i32x4.splat(<i32>((length + 1) << 3)));
    compress();
    for (let half: usize = 0; half < 2; half++) {
      const s = STATE + (half << 6);
      transpose(W, bigEndian(v128.load(s)), bigEndian(v128.load(s, 16)), bigEndian(v128.load(s, 32)), bigEndian(v128.load(s, 48)));
      for (let lane: usize = 0; lane < 4; lane++) v128.store(dst + (lane << 5) + (half << 4), v128.load(W + (lane << 4)));
    }
    src += 4 * length;
    dst += 128;
  }
}

/**
 * The RFC 6962 root of `count` leaf hashes at `hashes`, computed in place, written to the first 32
 * bytes. A level pairs neighbours and promotes an odd last one, which is the tree that splits at
 * the largest power of two. The memory behind the hashes must have room for 8 more.
 */
export function rootOfHashes(hashes: usize, count: i32): void {
  const odd: usize = memory.data(32, 16);
  while (count > 1) {
    const pairs = count >> 1;
    const last = hashes + (<usize>(count - 1) << 5);
    if (count & 1) memory.copy(odd, last, 32);
    hashTagged(hashes, hashes, 64, 1, (pairs + 3) >> 2);
    if (count & 1) memory.copy(hashes + (<usize>pairs << 5), odd, 32);
    count = pairs + (count & 1);
  }
}
