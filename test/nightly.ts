/**
 * Whether tests that draw cases at random draw all of them (PLENARY_NIGHTLY=1) or the sample that
 * every `npm test` can afford.
 */
export const NIGHTLY = process.env.PLENARY_NIGHTLY === "1";

/** How many cases a test draws. */
export function drawn(sample: number, nightly: number): number {
  return NIGHTLY ? nightly : sample;
}

/**
 * The seeds 1, 2, 3, ... of as many cases, or exactly those that PLENARY_SEEDS names (17,23), to
 * see a failure again.
 */
export function seeds(sample: number, nightly: number): readonly number[] {
  const named = process.env.PLENARY_SEEDS;
  if (named !== undefined && named !== "") return named.split(",").map(seedOf);
  return Array.from({ length: drawn(sample, nightly) }, (_, i) => i + 1);
}

function seedOf(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text))
    throw new Error(`PLENARY_SEEDS is a list of numbers like 17,23, not "${text}".`);
  return Number(text);
}
