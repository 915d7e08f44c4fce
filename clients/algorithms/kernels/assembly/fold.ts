// Weighted sums, exact because they are integers (docs/protocol.md, "Integers all the way").

/**
 * sum[i] += weight * delta[i] for i < n. `sum` holds i64, `delta` i32; n is a multiple of 4. Cannot
 * overflow: |weight * delta| <= 2^26 * 2^31 and the weights of one sum stay below 2^26 altogether.
 */
export function fold(sum: usize, delta: usize, weight: i32, n: i32): void {
  const w = i32x4.splat(weight);
  const end = delta + (<usize>n << 2);
  while (delta < end) {
    const x = v128.load(delta);
    v128.store(sum, i64x2.add(v128.load(sum), i64x2.extmul_low_i32x4_s(x, w)));
    v128.store(sum, i64x2.add(v128.load(sum, 16), i64x2.extmul_high_i32x4_s(x, w)), 16);
    delta += 16;
    sum += 32;
  }
}

/**
 * Distance in bytes of the updates that fold4 reads: 8192 integers and 17 cache lines. At a power
 * of two all four would fall into one set of the first-level cache, which doubles the time. A
 * constant, so that it costs no instruction.
 */
const STRIDE: usize = 33856;

/**
 * sum[i] += w0 a[i] + w1 b[i] + w2 c[i] + w3 d[i] for i < n, where b, c and d follow a at distances
 * of STRIDE: four updates touch the sums once.
 */
export function fold4(sum: usize, a: usize, w0: i32, w1: i32, w2: i32, w3: i32, n: i32): void {
  const v0 = i32x4.splat(w0), v1 = i32x4.splat(w1), v2 = i32x4.splat(w2), v3 = i32x4.splat(w3);
  const end = a + (<usize>n << 2);
  while (a < end) {
    const x0 = v128.load(a), x1 = v128.load(a, STRIDE), x2 = v128.load(a, 2 * STRIDE), x3 = v128.load(a, 3 * STRIDE);
    const low = i64x2.add(
      i64x2.add(i64x2.extmul_low_i32x4_s(x0, v0), i64x2.extmul_low_i32x4_s(x1, v1)),
      i64x2.add(i64x2.extmul_low_i32x4_s(x2, v2), i64x2.extmul_low_i32x4_s(x3, v3)),
    );
    const high = i64x2.add(
      i64x2.add(i64x2.extmul_high_i32x4_s(x0, v0), i64x2.extmul_high_i32x4_s(x1, v1)),
      i64x2.add(i64x2.extmul_high_i32x4_s(x2, v2), i64x2.extmul_high_i32x4_s(x3, v3)),
    );
    v128.store(sum, i64x2.add(v128.load(sum), low));
    v128.store(sum, i64x2.add(v128.load(sum, 16), high), 16);
    a += 16;
    sum += 32;
  }
}

/**
 * out[i] = floor((2 sum[i] + total) / (2 total)): the weighted mean, halves rounded up. total is 1
 * .. 2^26 - 1; n is a multiple of 4. The float quotient is off by one at most (|mean| <= 2^31, so
 * its error is far below 1); the integer remainder corrects it.
 */
export function quotient(sum: usize, total: i32, out: usize, n: i32): void {
  const end = out + (<usize>n << 2);
  while (out < end) {
    const low = quotient2(v128.load(sum), total);
    const high = quotient2(v128.load(sum, 16), total);
    v128.store(out, i64x2.shuffle(low, high, 0, 2));
    sum += 32;
    out += 16;
  }
}

/** Two means, as i32 in the first two lanes. */
@inline
function quotient2(s: v128, total: i32): v128 {
  const w = i64x2.splat(<i64>total);
  // int64 to float64, rounded once: high half x 2^32 is exact.
  const upper = f64x2.convert_low_i32x4_s(i32x4.shuffle(s, s, 1, 3, 1, 3));
  const lower = f64x2.convert_low_i32x4_u(i32x4.shuffle(s, s, 0, 2, 0, 2));
  const value = f64x2.add(f64x2.mul(upper, f64x2.splat(4294967296)), lower);
  const near = f64x2.floor(f64x2.add(f64x2.div(value, f64x2.splat(<f64>total)), f64x2.splat(0.5)));
  const q = i32x4.trunc_sat_f64x2_s_zero(near);
  const product = i64x2.extmul_low_i32x4_s(q, i32x4.splat(total));
  const twice = i64x2.shl(i64x2.sub(s, product), 1);
  // Comparisons give -1: one more where 2 r >= total, one less where 2 r < -total.
  const step = i64x2.sub(i64x2.lt_s(twice, i64x2.neg(w)), i64x2.ge_s(twice, w));
  return i32x4.add(q, i32x4.shuffle(step, step, 0, 2, 0, 2));
}
