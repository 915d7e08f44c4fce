// Exact norms: screening decides alike on every machine.

/** max |x[i]| as an unsigned integer (2^31 for -2^31); n is a multiple of 4. */
export function maxAbs(x: usize, n: i32): u32 {
  let top = i32x4.splat(0);
  const end = x + (<usize>n << 2);
  while (x < end) {
    top = i32x4.max_u(top, i32x4.abs(v128.load(x)));
    x += 16;
  }
  return max(
    max(<u32>i32x4.extract_lane(top, 0), <u32>i32x4.extract_lane(top, 1)),
    max(<u32>i32x4.extract_lane(top, 2), <u32>i32x4.extract_lane(top, 3)),
  );
}

/**
 * Adds sum(x[i]^2) to the two u64 at `out`: low 32 bits of every square into out[0], high bits into
 * out[1], so that the sum is out[0] + 2^32 out[1] and neither half can overflow for 2^26 elements.
 * n is a multiple of 4.
 */
export function squares(x: usize, n: i32, out: usize): void {
  const mask = i64x2.splat(0xffffffff);
  let low = i64x2.splat(0);
  let high = i64x2.splat(0);
  const end = x + (<usize>n << 2);
  while (x < end) {
    const v = v128.load(x);
    const a = i64x2.extmul_low_i32x4_s(v, v);
    const b = i64x2.extmul_high_i32x4_s(v, v);
    low = i64x2.add(low, i64x2.add(v128.and(a, mask), v128.and(b, mask)));
    high = i64x2.add(high, i64x2.add(i64x2.shr_u(a, 32), i64x2.shr_u(b, 32)));
    x += 16;
  }
  store<u64>(out, load<u64>(out) + i64x2.extract_lane(low, 0) + i64x2.extract_lane(low, 1));
  store<u64>(out, load<u64>(out, 8) + i64x2.extract_lane(high, 0) + i64x2.extract_lane(high, 1), 8);
}
