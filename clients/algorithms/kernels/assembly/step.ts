// Server steps: FedAvg's addition and FedAvgM's momentum, clamped to +-(2^31 - 1).

/** model[i] = clamp(model[i] + delta[i]) for i < n; n is a multiple of 4. */
export function apply(model: usize, delta: usize, n: i32): void {
  const top = i32x4.splat(i32.MAX_VALUE);
  const bottom = i32x4.splat(-i32.MAX_VALUE);
  const end = model + (<usize>n << 2);
  while (model < end) {
    const a = v128.load(model);
    const b = v128.load(delta);
    const sum = i32x4.add(a, b);
    // Signed overflow: both operands have a sign that the sum does not have.
    const overflow = i32x4.shr_s(v128.and(v128.xor(a, sum), v128.xor(b, sum)), 31);
    const saturated = v128.xor(i32x4.shr_s(a, 31), top);
    v128.store(model, i32x4.max_s(v128.bitselect(saturated, sum, overflow), bottom));
    model += 16;
    delta += 16;
  }
}

/**
 * velocity[i] = clamp(floor(momentum * velocity[i] / 2^16 + 1/2) + delta[i]) for i < n; momentum is
 * 0 .. 65535.
 */
export function momentum(velocity: usize, delta: usize, beta: i32, n: i32): void {
  const end = velocity + (<usize>n << 2);
  while (velocity < end) {
    const kept = (<i64>load<i32>(velocity) * <i64>beta + 32768) >> 16;
    const next = kept + <i64>load<i32>(delta);
    store<i32>(velocity, <i32>min<i64>(max<i64>(next, -i32.MAX_VALUE), i32.MAX_VALUE));
    velocity += 4;
    delta += 4;
  }
}
