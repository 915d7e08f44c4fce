/** The part of the rate that remains at the end: a federation that continues still learns. */
const FINAL_PART = 0.05;

/**
 * Factor on the learning rate: falls along a cosine from 1 to 1/20 while progress runs from 0 to 1.
 */
export function cosineSchedule(progress: number): number {
  return FINAL_PART + (1 - FINAL_PART) * cosineDecay(progress);
}

/**
 * Cosine decay (arXiv 1608.03983, one period) from 1 to 0, for progress 0..1. Math.cos may differ
 * between machines, so the cosine is a Taylor polynomial in fixed order, with an error below 1e-9.
 */
export function cosineDecay(progress: number): number {
  const x = Math.PI * Math.min(Math.max(progress, 0), 1) - Math.PI / 2;
  // cos(x + pi/2) = -sin x, and sin's series converges fast on [-pi/2, pi/2]
  let term = x;
  let sine = x;
  for (let n = 1; n <= 8; n += 1) {
    term = (-term * x * x) / (2 * n * (2 * n + 1));
    sine += term;
  }
  return Math.min(Math.max((1 - sine) / 2, 0), 1);
}
