/*
 * Weighted answers as whole respondents. A cell's shares are its weighted shares; its size is the
 * effective number of respondents, (sum w)^2 / sum w^2 (Kish 1965), because weights make answers
 * less certain than their number says.
 */

/** Kish's effective number of respondents. */
export function effectiveRespondents(sum: number, sumOfSquares: number): number {
  return sumOfSquares > 0 ? (sum * sum) / sumOfSquares : 0;
}

/**
 * Whole numbers that add up to `total` and are as close to the shares as rounding allows: the
 * largest remainders are rounded up, the earlier option first where they are equal. Shares of any
 * positive sum; all 0 gives all 0.
 */
export function wholeCounts(shares: readonly number[], total: number): number[] {
  const sum = shares.reduce((part, share) => part + share, 0);
  if (!(sum > 0)) return shares.map(() => 0);
  const exact = shares.map((share) => (share / sum) * total);
  const counts = exact.map(Math.floor);
  const missing = total - counts.reduce((part, count) => part + count, 0);
  const remainder = (option: number) => exact[option]! - counts[option]!;
  const order = counts.map((_, option) => option);
  order.sort((a, b) => remainder(b) - remainder(a) || a - b);
  for (const option of order.slice(0, missing)) counts[option] = counts[option]! + 1;
  return counts;
}
