import { logSoftmax } from "../graph/normalize.ts";
import { permute, reshape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Far below any logit, and finite: the softmax of a padded option is exactly 0. */
const PADDING = -1e30;

/** Maps the options of questions, stored one after another, to a table [questions, width]. */
export interface OptionLayout {
  readonly questions: number;
  readonly width: number;
  readonly rows: number;
  /** First row of each question; one more entry holds the total. */
  readonly offsets: readonly number[];
  /** Row of each table cell; `rows` where the cell is empty. */
  readonly forward: readonly number[];
  /** Table cell of each row. */
  readonly inverse: readonly number[];
}

export function optionLayout(optionCounts: readonly number[]): OptionLayout {
  const width = Math.max(...optionCounts);
  const rows = optionCounts.reduce((total, count) => total + count, 0);
  const forward: number[] = [];
  const inverse: number[] = [];
  const offsets = [0];
  optionCounts.forEach((count, question) => {
    offsets.push(offsets[question]! + count);
    for (let option = 0; option < width; option += 1) {
      forward.push(option < count ? inverse.length : rows);
      if (option < count) inverse.push(question * width + option);
    }
  });
  return { questions: optionCounts.length, width, rows, offsets, forward, inverse };
}

/**
 * Log-probabilities per question of logits [..., rows]: the options of each question are normalised
 * among themselves.
 */
export function logSoftmaxPerQuestion(
  logits: Tensor,
  table: { readonly questions: number; readonly width: number },
  forward: Tensor,
  inverse: Tensor,
): Tensor {
  const lead = logits.shape.slice(0, -1);
  const cells = permute(logits, forward, inverse, PADDING);
  const normal = logSoftmax(reshape(cells, [...lead, table.questions, table.width]));
  return permute(reshape(normal, [...lead, table.questions * table.width]), inverse, forward);
}
