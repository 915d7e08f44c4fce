import { memoized } from "./memoized.ts";
import type { OptionTable } from "./tilt-options.ts";

/** Distance in cosine, and in place, over which residuals of two options stay alike. */
const TEXT_SCALE = 0.2;
const PLACE_SCALE = 0.3;
/** Blocks that are kept: some 20 MB. */
const MOST_KEPT = 50_000;

/** How alike the residuals of questions are, by their text. */
export interface ResidualKernel {
  /** Cosine of two questions' mean option texts. */
  readonly cosine: (a: number, b: number) => number;
  /** Covariance of the options of two questions, row-major [options of a, options of b]. */
  readonly block: (a: number, b: number) => Float64Array;
}

/**
 * The kernel of a table's questions: exp((cosine - 1) / .2) exp(-(places' difference / .3)^2),
 * divided by e where the numbers of options differ, less the means over each question's options. A
 * residual of log ratios has no mean either. Positive semidefinite. Blocks are kept, up to a
 * number.
 */
export function residualKernel(table: OptionTable): ResidualKernel {
  const { length: questions } = table.layout.offsets;
  const units = memoized((question: number) => unitRows(table, question));
  const centres = memoized((question: number) => unit(meanRow(units(question))));
  const kept = new Map<number, Float64Array>();
  return {
    cosine: (a, b) => dot(centres(a), centres(b)),
    block(a, b) {
      const pair = a * questions + b;
      const known = kept.get(pair);
      if (known !== undefined) return known;
      const block = centred(units(a), units(b));
      if (kept.size < MOST_KEPT) kept.set(pair, block);
      return block;
    },
  };
}

/** The texts of a question's options, each of length 1 (or 0, as embedded). */
function unitRows({ features, width, offsets }: OptionTable, question: number): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let row = offsets[question]!; row < offsets[question + 1]!; row += 1)
    rows.push(unit(Float64Array.from(features.subarray(row * width, (row + 1) * width - 2))));
  return rows;
}

function centred(a: readonly Float64Array[], b: readonly Float64Array[]): Float64Array {
  const count = a.length === b.length ? 0 : 1;
  const place = (option: number, { length }: { length: number }) =>
    option / Math.max(length - 1, 1);
  const block = Float64Array.from({ length: a.length * b.length }, (_, index) => {
    const [i, j] = [Math.floor(index / b.length), index % b.length];
    const distance = (place(i, a) - place(j, b)) / PLACE_SCALE;
    return Math.exp((dot(a[i]!, b[j]!) - 1) / TEXT_SCALE - distance * distance - count);
  });
  for (let i = 0; i < a.length; i += 1)
    centre(
      block,
      Array.from(b, (_, j) => i * b.length + j),
    );
  for (let j = 0; j < b.length; j += 1)
    centre(
      block,
      Array.from(a, (_, i) => i * b.length + j),
    );
  return block;
}

/** Takes the mean of these entries off each of them. */
export function centre(values: Float64Array, places: readonly number[]): void {
  const mean = places.reduce((sum, place) => sum + values[place]!, 0) / places.length;
  for (const place of places) values[place]! -= mean;
}

function meanRow(rows: readonly Float64Array[]): Float64Array {
  return rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.max(Math.sqrt(dot(vector, vector)), 1e-12);
  return vector.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let product = 0;
  for (let i = 0; i < a.length; i += 1) product += a[i]! * b[i]!;
  return product;
}
