import { optionOffsets } from "@plenary/protocol";
import type { Predictor } from "./predictors/predictor.ts";

/** Kinship of two options: exp(-SHARPNESS (1 - cosine of their texts)). docs/science.md. */
const SHARPNESS = 7;
/** Options that are less kin than this share nothing. */
const LEAST_KINSHIP = 0.02;

/** Options that share what one option learns, with how much of it. */
export interface Relatives {
  readonly rows: readonly number[];
  readonly kinship: readonly number[];
}

/**
 * The relatives of a questionnaire's options, by text: options at the same place of questions with
 * as many options. The same numbers on every machine. An option's own kinship, 1, is not listed.
 */
export interface KinshipTable {
  of(row: number): Relatives;
}

const tables = new WeakMap<Predictor, KinshipTable>();

/** One table for each predictor. Rows are computed when they are first asked for, and kept. */
export function kinshipTable(predictor: Predictor): KinshipTable {
  const known = tables.get(predictor);
  if (known !== undefined) return known;
  const table = openTable(predictor);
  tables.set(predictor, table);
  return table;
}

function openTable({ questionnaire, embeddings }: Predictor): KinshipTable {
  const offsets = optionOffsets(questionnaire);
  const places = new Map<string, number[]>();
  const placeOf: string[] = [];
  questionnaire.questions.forEach(({ options }, question) => {
    options.forEach((_, option) => {
      const place = `${options.length} ${option}`;
      placeOf.push(place);
      const rows = places.get(place) ?? [];
      rows.push(offsets[question]! + option);
      places.set(place, rows);
    });
  });
  const matrix = embeddings.matrix();
  const { dimension } = embeddings;
  const vector = (row: number) => matrix.subarray(row * dimension, (row + 1) * dimension);
  const kept = new Map<number, Relatives>();
  return {
    of(row) {
      const known = kept.get(row);
      if (known !== undefined) return known;
      const others = places.get(placeOf[row]!)!.filter((other) => other !== row);
      const pairs = others.map((other) => [other, kinship(vector(row), vector(other))] as const);
      const near = pairs.filter(([, value]) => value >= LEAST_KINSHIP);
      const relatives = {
        rows: near.map(([other]) => other),
        kinship: near.map(([, value]) => value),
      };
      kept.set(row, relatives);
      return relatives;
    },
  };
}

function kinship(a: Float32Array, b: Float32Array): number {
  let product = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let i = 0; i < a.length; i += 1) {
    product += a[i]! * b[i]!;
    lengthA += a[i]! * a[i]!;
    lengthB += b[i]! * b[i]!;
  }
  const cosine = product / Math.max(Math.sqrt(lengthA * lengthB), 1e-12);
  return expBelowZero(SHARPNESS * (Math.min(cosine, 1) - 1));
}

const HALVINGS = 5;

/**
 * e^x for -16 <= x <= 0, with an error below 1e-9: Math.exp may differ between machines. A Taylor
 * polynomial of x / 32, squared five times.
 */
export function expBelowZero(x: number): number {
  const part = x / 2 ** HALVINGS;
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 10; n += 1) {
    term = (term * part) / n;
    sum += term;
  }
  for (let n = 0; n < HALVINGS; n += 1) sum *= sum;
  return sum;
}
