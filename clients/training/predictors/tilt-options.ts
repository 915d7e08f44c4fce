import { optionOffsets, type Questionnaire } from "@plenary/protocol";
import { multiply } from "../graph/elementwise.ts";
import type { Graph } from "../graph/graph.ts";
import { matmul } from "../graph/linear-algebra.ts";
import { softmax } from "../graph/normalize.ts";
import { concatenate, takeRows } from "../graph/shape.ts";
import { dimensionAt, type Tensor } from "../graph/tensor.ts";
import { type OptionLayout, optionLayout } from "./option-layout.ts";
import type { EmbeddingTable, NewQuestion } from "./predictor.ts";

/** Features of an option beside its embedding: its place among the options and 1 / options. */
const EXTRA_FEATURES = 2;

/**
 * Affinity of two options, for lending to untrained questions: the first number times the cosine of
 * their texts, less the second times the difference of their places, less the third if their
 * questions differ in the number of options. Chosen by cross-validation over question families of
 * the shipped surveys; results are flat around these values.
 */
const TEXT_AFFINITY = 20;
const PLACE_PENALTY = 20;
const COUNT_PENALTY = 10;
/**
 * Cosine below which an option is not a relative any more: at this affinity, nothing (a uniform
 * base) competes with it.
 */
const STRANGER_COSINE = 0.6;
/** Far below any affinity, and finite. */
const EXCLUDED = -1e30;

/** The options of a graph: the questionnaire's, then those of new questions. */
export interface OptionTable {
  readonly layout: OptionLayout;
  /** First option of each question; one more entry holds the total. */
  readonly offsets: readonly number[];
  /** Number of options of the questionnaire, which have parameters. */
  readonly known: number;
  /** Length of a row of `features`. */
  readonly width: number;
  readonly features: Float32Array;
  /** Questions without a trained base: they borrow from the others. */
  readonly borrowers: readonly number[];
}

export function featureWidth(dimension: number): number {
  return dimension + EXTRA_FEATURES;
}

export function optionTable(
  questionnaire: Questionnaire,
  embeddings: EmbeddingTable,
  untrained: readonly number[],
  newQuestions: readonly NewQuestion[],
): OptionTable {
  const asked = questionnaire.questions.length;
  const counts = [
    ...questionnaire.questions.map((question) => question.options.length),
    ...newQuestions.map((question) => question.options),
  ];
  const layout = optionLayout(counts);
  const vectors = [embeddings.matrix(), ...newQuestions.map((question) => question.embeddings)];
  return {
    layout,
    offsets: layout.offsets,
    known: embeddings.count,
    width: featureWidth(embeddings.dimension),
    features: featureRows(vectors, counts, embeddings.dimension),
    borrowers: [...untrained, ...newQuestions.map((_, index) => asked + index)],
  };
}

function featureRows(
  vectors: readonly Float32Array[],
  counts: readonly number[],
  dimension: number,
): Float32Array {
  const width = featureWidth(dimension);
  const places = counts.flatMap((count) =>
    Array.from({ length: count }, (_, option) => [option / Math.max(count - 1, 1), 1 / count]),
  );
  const features = new Float32Array(places.length * width);
  let row = 0;
  for (const matrix of vectors) {
    for (let start = 0; start < matrix.length; start += dimension) {
      features.set(matrix.subarray(start, start + dimension), row * width);
      features.set(places[row]!, row * width + dimension);
      row += 1;
    }
  }
  return features;
}

/**
 * Questions of the questionnaire whose base logits are all 0, as at the beginning: no member has
 * answered them. Empty while the whole model is untrained.
 */
export function untrainedQuestions(
  questionnaire: Questionnaire,
  base: Int32Array | Float32Array,
): number[] {
  const offsets = optionOffsets(questionnaire);
  const untrained = questionnaire.questions
    .map((_, question) => question)
    .filter((question) =>
      base
        .subarray(offsets[question]!, offsets[question + 1]!)
        .every((logit: number) => logit === 0),
    );
  return untrained.length === questionnaire.questions.length ? [] : untrained;
}

/**
 * The vectors of every option of the table, [options, columns], given those of the questionnaire's
 * own options. `strengths` says which part of each column is lent. Options of untrained and new
 * questions borrow a weighted mean (Nadaraya-Watson) from the trained options that they resemble,
 * and nothing as far as they resemble none.
 */
export function lend(
  graph: Graph,
  table: OptionTable,
  own: Tensor,
  strengths: readonly number[],
): Tensor {
  if (table.borrowers.length === 0) return own;
  const rows = table.borrowers.flatMap((question) =>
    range(table.offsets[question]!, table.offsets[question + 1]!),
  );
  const affinity = graph.constant(affinities(table, rows), [rows.length, table.known + 1]);
  const columns = dimensionAt(own, 1);
  const nothing = graph.constant(new Float32Array(columns), [1, columns]);
  const whole = matmul(softmax(affinity), concatenate([own, nothing], 0));
  const borrowed = multiply(whole, graph.constant(strengths, [columns]));
  const source = range(0, table.layout.rows);
  rows.forEach((row, position) => {
    source[row] = table.known + position;
  });
  return takeRows(concatenate([own, borrowed], 0), source);
}

/**
 * Base logits that the table's borrowers would borrow from these (`base`, one per option of the
 * questionnaire), in the order of `borrowers`. In float64, outside of any graph.
 */
export function lentLogits(table: OptionTable, base: Float32Array): Float64Array[] {
  const rowsOf = (question: number) =>
    range(table.offsets[question]!, table.offsets[question + 1]!);
  const rows = table.borrowers.flatMap(rowsOf);
  const affinity = affinities(table, rows);
  const columns = table.known + 1;
  let position = 0;
  return table.borrowers.map((question) =>
    Float64Array.from(rowsOf(question), () => {
      const own = affinity.subarray(position * columns, (position + 1) * columns);
      position += 1;
      const largest = own.reduce((a, b) => Math.max(a, b));
      let total = 0;
      let sum = 0;
      own.forEach((value, lender) => {
        const weight = Math.exp(value - largest);
        total += weight;
        sum += weight * (base[lender] ?? 0);
      });
      return sum / total;
    }),
  );
}

/** Row by row: the affinity to each of the questionnaire's options, and last to nothing. */
function affinities(table: OptionTable, rows: readonly number[]): Float32Array {
  const { known, width, features } = table;
  const lent = new Set(rows);
  const row = (option: number) => features.subarray(option * width, (option + 1) * width);
  const columns = known + 1;
  const result = new Float32Array(rows.length * columns).fill(EXCLUDED);
  rows.forEach((borrower, position) => {
    for (let lender = 0; lender < known; lender += 1) {
      if (!lent.has(lender))
        result[position * columns + lender] = affinity(row(borrower), row(lender));
    }
    result[position * columns + known] = TEXT_AFFINITY * STRANGER_COSINE;
  });
  return result;
}

function affinity(a: Float32Array, b: Float32Array): number {
  const dimension = a.length - EXTRA_FEATURES;
  let product = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (let i = 0; i < dimension; i += 1) {
    product += a[i]! * b[i]!;
    lengthA += a[i]! * a[i]!;
    lengthB += b[i]! * b[i]!;
  }
  const cosine = product / Math.max(Math.sqrt(lengthA * lengthB), 1e-12);
  const distance = Math.abs(a[dimension]! - b[dimension]!);
  const sameCount = a[dimension + 1] === b[dimension + 1];
  return TEXT_AFFINITY * cosine - PLACE_PENALTY * distance - (sameCount ? 0 : COUNT_PENALTY);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
