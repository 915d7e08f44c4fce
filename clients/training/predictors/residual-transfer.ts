import type { QuestionAnswer } from "../tasks.ts";
import { solveSymmetric } from "./cholesky.ts";
import type { Transfer } from "./predictor.ts";
import { centre, type ResidualKernel } from "./residual-kernel.ts";
import { lentLogits, type OptionTable } from "./tilt-options.ts";

/**
 * Cosine that an answered question must have to one that nobody trained, to say anything about it.
 * Chosen on us-opinion and gss (docs/benchmarks.md).
 */
export const RELATIVE_COSINE = 0.6;
/** Variance of a residual that relatives do not share, beside the kernel's. */
const RIDGE = 0.3;
/** Added to shares, so that their logarithms stay finite and rare answers do not dominate. */
const LEAST_SHARE = 0.005;
/** Answered relatives of a question that are used, the nearest ones: bounds the work. */
const MOST_RELATIVES = 24;
const SMALLEST_PREDICTION = 1e-9;

/**
 * Moves predictions of questions that nobody trained towards what the group itself answers to their
 * relatives. r = clr(share) - clr(prior) is how far the group is from the prior on a relative,
 * where clr is the logarithm less its mean; the prior is the base, borrowed where need be. The
 * prediction's logits move by K_qc (K_cc + .3 I)^-1 r (kriging: Rasmussen and Williams, Gaussian
 * Processes for Machine Learning, 2.2). Predictions of other questions, and of those without a
 * relative in the context, are returned as they came.
 *
 * @param logits base logits of the questionnaire's options.
 */
export function residualTransfer(
  table: OptionTable,
  logits: Float32Array,
  kernel: ResidualKernel,
  gate = RELATIVE_COSINE,
): Transfer {
  const borrowers = new Set(table.borrowers);
  let lent: Map<number, Float64Array> | undefined;
  const priorOf = (question: number): Float64Array => {
    if (!borrowers.has(question)) {
      const own = logits.subarray(table.offsets[question]!, table.offsets[question + 1]!);
      return softmax(Float64Array.from(own));
    }
    lent ??= new Map(lentLogits(table, logits).map((own, i) => [table.borrowers[i]!, own]));
    return softmax(lent.get(question)!);
  };
  return ({ context, targets }, predicted) =>
    predicted.map((shares, index) => {
      const { question } = targets[index]!;
      if (!borrowers.has(question)) return shares;
      const relatives = relativesOf(question, context, kernel, gate);
      if (relatives.length === 0) return shares;
      return moved(shares, shiftOf(question, relatives, kernel, priorOf));
    });
}

/** The nearest answered questions that pass the gate, the nearest first. */
function relativesOf(
  question: number,
  context: readonly QuestionAnswer[],
  kernel: ResidualKernel,
  gate: number,
): QuestionAnswer[] {
  return context
    .map((answer) => ({ answer, cosine: kernel.cosine(question, answer.question) }))
    .filter(({ answer, cosine }) => answer.question !== question && cosine >= gate)
    .toSorted((a, b) => b.cosine - a.cosine || a.answer.question - b.answer.question)
    .slice(0, MOST_RELATIVES)
    .map(({ answer }) => answer);
}

/** By how much the logits of the question's options move. */
function shiftOf(
  question: number,
  relatives: readonly QuestionAnswer[],
  kernel: ResidualKernel,
  priorOf: (question: number) => Float64Array,
): Float64Array {
  const starts: number[] = [];
  let rows = 0;
  for (const { shares } of relatives) {
    starts.push(rows);
    rows += shares.length;
  }
  const residuals = new Float64Array(rows);
  const covariance = new Float64Array(rows * rows);
  relatives.forEach((answer, a) => {
    residuals.set(residualOf(answer, priorOf(answer.question)), starts[a]);
    relatives.forEach((other, b) => {
      const block = kernel.block(answer.question, other.question);
      answer.shares.forEach((_, i) => {
        const row = block.subarray(i * other.shares.length, (i + 1) * other.shares.length);
        covariance.set(row, (starts[a]! + i) * rows + starts[b]!);
      });
    });
  });
  for (let row = 0; row < rows; row += 1) covariance[row * rows + row]! += RIDGE;
  const weights = solveSymmetric(covariance, residuals);
  return weighted(question, relatives, starts, kernel, weights);
}

function weighted(
  question: number,
  relatives: readonly QuestionAnswer[],
  starts: readonly number[],
  kernel: ResidualKernel,
  weights: Float64Array,
): Float64Array {
  const blocks = relatives.map((relative) => kernel.block(question, relative.question));
  const options = blocks[0]!.length / relatives[0]!.shares.length;
  return Float64Array.from({ length: options }, (_, option) => {
    let sum = 0;
    relatives.forEach(({ shares }, a) => {
      for (let j = 0; j < shares.length; j += 1)
        sum += blocks[a]![option * shares.length + j]! * weights[starts[a]! + j]!;
    });
    return sum;
  });
}

function residualOf({ shares }: QuestionAnswer, prior: Float64Array): Float64Array {
  const ratios = Float64Array.from(shares, (share, option) =>
    Math.log((share + LEAST_SHARE) / (prior[option]! + LEAST_SHARE)),
  );
  centre(
    ratios,
    shares.map((_, option) => option),
  );
  return ratios;
}

function moved(shares: Float32Array, shift: Float64Array): Float32Array {
  const logits = shift.map(
    (value, option) => value + Math.log(Math.max(shares[option]!, SMALLEST_PREDICTION)),
  );
  return Float32Array.from(softmax(logits));
}

function softmax(logits: Float64Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const powers = logits.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}
