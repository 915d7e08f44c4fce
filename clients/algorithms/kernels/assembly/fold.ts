// Weighted sums: exact because they are integers (docs/protocol.md, "Integers all the way").

/**
 * sum[i] += weight * delta[i] for i < n. `sum` holds i64, `delta` i32; n is a multiple of 4.
 * Cannot overflow: |weight * delta| <= 2^26 * 2^31 and the weights of one sum stay below 2^26 altogether.
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
 * sum[i] += w0 a[i] + w1 b[i] + w2 c[i] + w3 d[i] for i < n, where b, c and d follow a at distances of `stride` bytes:
 * four updates touch the sums once.
 */
export function fold4(sum: usize, a: usize, stride: usize, w0: i32, w1: i32, w2: i32, w3: i32, n: i32): void {
  const v0 = i32x4.splat(w0), v1 = i32x4.splat(w1), v2 = i32x4.splat(w2), v3 = i32x4.splat(w3);
  const b = a + stride, c = b + stride, d = c + stride;
  const bytes = <usize>n << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const x0 = v128.load(a + i), x1 = v128.load(b + i), x2 = v128.load(c + i), x3 = v128.load(d + i);
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
    sum += 32;
  }
}

/** sum[i] += other[i] for i < n, both i64; n is a multiple of 2. */
export function join(sum: usize, other: usize, n: i32): void {
  const end = sum + (<usize>n << 3);
  while (sum < end) {
    v128.store(sum, i64x2.add(v128.load(sum), v128.load(other)));
    sum += 16;
    other += 16;
  }
}

/**
 * out[i] = floor((2 sum[i] + total) / (2 total)): the weighted mean, halves rounded up. total is 1 .. 2^26 - 1.
 * The float quotient is off by one at most (|mean| <= 2^31, so its error is far below 1); the integer remainder corrects it.
 */
export function quotient(sum: usize, total: i32, out: usize, n: i32): void {
  const w = <i64>total;
  const divisor = <f64>total;
  const end = out + (<usize>n << 2);
  while (out < end) {
    const s = load<i64>(sum);
    let q = <i64>Math.floor(<f64>s / divisor + 0.5);
    const twice = (s - q * w) << 1;
    if (twice >= w) q++;
    else if (twice < -w) q--;
    store<i32>(out, <i32>q);
    sum += 8;
    out += 4;
  }
}
