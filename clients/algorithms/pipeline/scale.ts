/** Every entry times `factor` (0 to 1), rounded towards zero so that no norm grows by rounding. */
export function scale(delta: Int32Array, factor: number): Int32Array {
  return delta.map((entry) => Math.trunc(entry * factor));
}
