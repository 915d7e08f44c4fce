import type { RandomStream } from "@plenary/protocol";
import { type Distances, distances } from "./measures.ts";

/** Random halvings of the respondents, over which the distances are averaged. */
const SPLITS = 4;
/** Above this many respondents of an option, a normal draw stands for the fair coins. */
const MOST_COINS = 1024;
/** Draws of a split without an empty half; with two respondents every second draw has none. */
const MOST_DRAWS = 64;

/**
 * What sampling noise leaves to a perfect prediction of a cell: the distances that the true
 * distribution would have from these counts. The respondents are split in two halves of a and b
 * people at random. A distance between the halves comes from noise alone; it is larger than that
 * of truth and counts by the factor sqrt(n / a + n / b), about 2. Null with fewer than two
 * respondents. For display: no hash depends on it.
 */
export function noiseCeiling(counts: readonly number[], random: RandomStream): Distances | null {
  const total = sum(counts);
  if (total < 2) return null;
  const split = Array.from({ length: SPLITS }, () => splitDistances(counts, total, random));
  const known = split.filter((each) => each !== null);
  if (known.length === 0) return null;
  const mean = (of: (each: Distances) => number) => sum(known.map(of)) / known.length;
  return {
    alignment: mean((each) => each.alignment),
    wasserstein: mean((each) => each.wasserstein),
    totalVariation: mean((each) => each.totalVariation),
  };
}

function splitDistances(
  counts: readonly number[],
  total: number,
  random: RandomStream,
): Distances | null {
  for (let draw = 0; draw < MOST_DRAWS; draw += 1) {
    const half = counts.map((count) => fairHeads(count, random));
    const size = sum(half);
    if (size === 0 || size === total) continue;
    const factor = Math.sqrt(total / size + total / (total - size));
    const apart = distances(
      half.map((count) => count / size),
      half.map((count, option) => (counts[option]! - count) / (total - size)),
    );
    return {
      alignment: 1 - (1 - apart.alignment) / factor,
      wasserstein: apart.wasserstein / factor,
      totalVariation: apart.totalVariation / factor,
    };
  }
  return null;
}

/** Heads among `count` tosses of a fair coin. */
function fairHeads(count: number, random: RandomStream): number {
  if (count > MOST_COINS) {
    const heads = Math.round(count / 2 + (Math.sqrt(count) / 2) * normal(random));
    return Math.min(Math.max(heads, 0), count);
  }
  let heads = 0;
  for (let left = count; left > 0; left -= 24) {
    let coins = random.below(2 ** Math.min(left, 24));
    for (; coins !== 0; coins &= coins - 1) heads += 1;
  }
  return heads;
}

/** A draw of the standard normal distribution (Box and Muller). */
function normal(random: RandomStream): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
