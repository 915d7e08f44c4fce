import { DELTA_LIMIT, type FederationConfiguration, FRACTION_BITS } from "@plenary/protocol";
import type { Magnitude } from "../kernels/index.ts";

/** The bounds that a federation's screening sets for updates. */
export type ScreeningLimits = FederationConfiguration["screening"];

/** The reason to refuse an update of this size, or undefined. Exact. */
export function sizeReason(
  { maxAbs, sumOfSquares }: Magnitude,
  { maxNorm }: ScreeningLimits,
): "delta-out-of-range" | "norm-exceeded" | undefined {
  if (maxAbs >= DELTA_LIMIT) return "delta-out-of-range";
  if (maxNorm === 0) return undefined;
  const limit = BigInt(largestNorm(maxNorm));
  return sumOfSquares > limit * limit ? "norm-exceeded" : undefined;
}

/** The largest factor, at most 1, by which an update of this size could pass; not exact. */
export function admissibleFactor(
  { maxAbs, sumOfSquares }: Magnitude,
  { maxNorm }: ScreeningLimits,
): number {
  const byRange = maxAbs < DELTA_LIMIT ? 1 : (DELTA_LIMIT - 1) / maxAbs;
  const norm = Math.sqrt(Number(sumOfSquares));
  return maxNorm === 0 || norm === 0 ? byRange : Math.min(byRange, largestNorm(maxNorm) / norm);
}

/** The largest L2 norm that passes, in units of 2^-24. */
function largestNorm(maxNorm: number): number {
  return Math.floor(maxNorm * 2 ** FRACTION_BITS);
}
