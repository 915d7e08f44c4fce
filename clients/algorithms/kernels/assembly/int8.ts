// The int8 codec: blocks of 64 integers share an integer scale; value = scale * q with q in
// -127..127.

/**
 * The largest scale: 127 * 1,056,832 is the largest product below 2^27, the bound of every delta.
 */
const MAX_SCALE: u32 = 1056832;

@inline
function blockTop(x: usize): u32 {
  let top = i32x4.splat(0);
  for (let i: usize = 0; i < 256; i += 16) top = i32x4.max_u(top, i32x4.abs(v128.load(x + i)));
  return max(
    max(<u32>i32x4.extract_lane(top, 0), <u32>i32x4.extract_lane(top, 1)),
    max(<u32>i32x4.extract_lane(top, 2), <u32>i32x4.extract_lane(top, 3)),
  );
}

/**
 * q of four integers: sign(x) * floor((|x| + floor(scale / 2)) / scale). The float quotients
 * truncate exactly: all are below 2^53.
 */
@inline
function quantize(x: v128, half: v128, scale: v128): v128 {
  const a = i32x4.add(i32x4.abs(x), half);
  const low = i32x4.trunc_sat_f64x2_u_zero(f64x2.div(f64x2.convert_low_i32x4_u(a), scale));
  const b = i8x16.shuffle(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
  const high = i32x4.trunc_sat_f64x2_u_zero(f64x2.div(f64x2.convert_low_i32x4_u(b), scale));
  const q = i64x2.shuffle(low, high, 0, 2);
  const sign = i32x4.shr_s(x, 31);
  return i32x4.sub(v128.xor(q, sign), sign);
}

/** Encodes `blocks` blocks of x (i32, |x| < 2^27) into scales (u32 each) and q (i8). */
export function encodeInt8(x: usize, scales: usize, q: usize, blocks: i32): void {
  for (let b = 0; b < blocks; b++) {
    const scale = min((blockTop(x) + 126) / 127, MAX_SCALE);
    store<u32>(scales, scale);
    if (scale == 0) {
      memory.fill(q, 0, 64);
    } else {
      const half = i32x4.splat(scale >> 1);
      const divisor = f64x2.splat(<f64>scale);
      for (let i: usize = 0; i < 64; i += 16) {
        const p = x + (i << 2);
        v128.store(
          q + i,
          i8x16.narrow_i16x8_s(
            i16x8.narrow_i32x4_s(quantize(v128.load(p), half, divisor), quantize(v128.load(p, 16), half, divisor)),
            i16x8.narrow_i32x4_s(quantize(v128.load(p, 32), half, divisor), quantize(v128.load(p, 48), half, divisor)),
          ),
        );
      }
    }
    x += 256;
    q += 64;
    scales += 4;
  }
}

/** The largest |q| of a block; 128 for a block that holds -128. */
@inline
function blockTopInt8(q: usize): u32 {
  let top = i8x16.abs(v128.load(q));
  top = i8x16.max_u(top, i8x16.abs(v128.load(q, 16)));
  top = i8x16.max_u(top, i8x16.abs(v128.load(q, 32)));
  top = i8x16.max_u(top, i8x16.abs(v128.load(q, 48)));
  top = i8x16.max_u(top, i8x16.shuffle(top, top, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
  top = i8x16.max_u(top, i8x16.shuffle(top, top, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));
  top = i8x16.max_u(top, i8x16.shuffle(top, top, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3));
  return max(<u32>i8x16.extract_lane_u(top, 0), <u32>i8x16.extract_lane_u(top, 1));
}

/**
 * Decodes `blocks` blocks into out (i32). Returns -1, or the index of the first block that no
 * encoder emits: scale above the largest, q = -128, or a scale greater than the block's largest |q|
 * explains (127 (scale - 1) + 1 is the least maximum that leads to this scale; for scale 0 only
 * zeros).
 */
export function decodeInt8(scales: usize, q: usize, out: usize, blocks: i32): i32 {
  for (let b = 0; b < blocks; b++) {
    const scale = load<u32>(scales);
    const top = blockTopInt8(q);
    if (scale > MAX_SCALE || top > 127) return b;
    if (scale == 0) {
      if (top != 0) return b;
      memory.fill(out, 0, 256);
    } else {
      if (2 * (127 * (scale - 1) + 1) >= 2 * scale * top + scale) return b;
      const factor = i32x4.splat(scale);
      for (let i: usize = 0; i < 64; i += 4) {
        const wide = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(q + i)));
        v128.store(out + (i << 2), i32x4.mul(wide, factor));
      }
    }
    scales += 4;
    q += 64;
    out += 256;
  }
  return -1;
}
