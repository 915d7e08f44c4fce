import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Questionnaire } from "@plenary/protocol";
import fc from "fast-check";
import type { QuestionAnswer } from "../tasks.ts";
import { solveSymmetric } from "./cholesky.ts";
import { residualKernel } from "./residual-kernel.ts";
import { residualTransfer } from "./residual-transfer.ts";
import { optionTable, untrainedQuestions } from "./tilt-options.ts";

const DIMENSION = 3;
/** Questions 0 and 1 are alike, and 2 is a stranger to both; 3 is like 0 and has no base. */
const TEXTS = [
  [1, 0.1, 0],
  [1, 0.2, 0],
  [0, 0, 1],
  [1, 0.15, 0],
];
const OPTIONS = [3, 3, 2, 3];
const UNTRAINED = 3;
const STARTS = [0, 3, 6, 8];

interface Survey {
  /** Row-major [options, DIMENSION]. */
  readonly rows: readonly (readonly number[])[];
  readonly logits: readonly number[];
}

const SURVEY: Survey = {
  rows: OPTIONS.flatMap((count, question) =>
    Array.from({ length: count }, (_, option) =>
      TEXTS[question]!.map((value, i) => value + (i === 1 ? 0.05 * option : 0)),
    ),
  ),
  logits: [0.5, -0.2, 0.1, 0.3, 0.4, -0.6, 0.2, -0.1, 0, 0, 0],
};

const questionnaire = {
  questions: OPTIONS.map((count, question) => ({
    id: `q${question}`,
    text: "",
    options: Array.from({ length: count }, (_, option) => `${option}`),
    family: `q${question}`,
  })),
} as unknown as Questionnaire;

function transferOf({ rows, logits }: Survey, gate?: number) {
  const matrix = () => Float32Array.from(rows.flat());
  const embeddings = { count: rows.length, dimension: DIMENSION, matrix };
  const base = Float32Array.from(logits);
  const untrained = untrainedQuestions(questionnaire, base);
  assert.deepEqual(untrained, [UNTRAINED]);
  const table = optionTable(questionnaire, embeddings, untrained, []);
  return residualTransfer(table, base, residualKernel(table), gate);
}

const PREDICTED = Float32Array.from([0.2, 0.3, 0.5]);
const asked = (question: number): QuestionAnswer => ({ question, shares: [0, 0, 0] });

/** The untrained question's shares, given a context. */
function move(context: readonly QuestionAnswer[], survey = SURVEY, predicted = PREDICTED) {
  return transferOf(survey)({ context, targets: [asked(UNTRAINED)] }, [predicted])[0]!;
}

const close = (a: ArrayLike<number>, b: ArrayLike<number>, within: number) => {
  assert.equal(a.length, b.length);
  Array.from(a).forEach((value, i) => {
    assert.ok(Math.abs(value - b[i]!) <= within, `${value} is not ${b[i]}`);
  });
};

describe("a symmetric system", () => {
  test("is solved as Gauss-Jordan elimination solves it, for any right side", () => {
    const numbers = fc.double({ min: -3, max: 3, noNaN: true });
    const system = fc
      .integer({ min: 1, max: 8 })
      .chain((n) =>
        fc.tuple(
          fc.array(numbers, { minLength: n * n, maxLength: n * n }),
          fc.array(numbers, { minLength: n, maxLength: n }),
        ),
      );
    fc.assert(
      fc.property(system, ([factor, right]) => {
        const n = right.length;
        const a = Float64Array.from({ length: n * n }, (_, index) => {
          const [i, j] = [Math.floor(index / n), index % n];
          let sum = i === j ? 0.3 : 0;
          for (let k = 0; k < n; k += 1) sum += factor[i * n + k]! * factor[j * n + k]!;
          return sum;
        });
        close(solveSymmetric(a, Float64Array.from(right)), eliminated(a, right), 1e-6);
      }),
    );
  });
});

/** Gauss-Jordan with pivots. */
function eliminated(matrix: Float64Array, right: readonly number[]): number[] {
  const n = right.length;
  const rows = right.map((value, i) => [...matrix.subarray(i * n, (i + 1) * n), value]);
  for (let column = 0; column < n; column += 1) {
    const rest = rows.slice(column).map((row) => Math.abs(row[column]!));
    const pivot = column + rest.indexOf(Math.max(...rest));
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const scale = rows[column]![column]!;
    rows[column] = rows[column]!.map((value) => value / scale);
    rows.forEach((row, i) => {
      const part = row[column]!;
      if (i !== column) rows[i] = row.map((value, j) => value - part * rows[column]![j]!);
    });
  }
  return rows.map((row) => row[n]!);
}

describe("residual transfer", () => {
  test("moves a prediction the way in which the group departs from the prior of a relative", () => {
    const moved = move([{ question: 0, shares: [0.9, 0.05, 0.05] }]);
    assert.ok(moved[0]! > PREDICTED[0]! + 0.1 && moved[2]! < PREDICTED[2]!, `${moved}`);
    close([moved[0]! + moved[1]! + moved[2]!], [1], 1e-6);
  });

  test("an answer that is the prior moves nothing", () => {
    const powers = SURVEY.logits.slice(0, 3).map(Math.exp);
    const total = powers.reduce((a, b) => a + b, 0);
    const shares = powers.map((power) => power / total);
    close(move([{ question: 0, shares }]), PREDICTED, 1e-6);
  });

  test("without a relative in the context, the very same numbers come back", () => {
    const stranger = { question: 2, shares: [0.99, 0.01] };
    assert.equal(move([stranger]), PREDICTED);
    assert.equal(move([]), PREDICTED);
    // Its own answer is known and tells nothing of relatives.
    assert.equal(move([{ question: UNTRAINED, shares: [1, 0, 0] }]), PREDICTED);
    const relative = { question: 0, shares: [1, 0, 0] };
    const task = { context: [relative], targets: [asked(1), asked(UNTRAINED)] };
    const [trained, untrained] = transferOf(SURVEY)(task, [PREDICTED, PREDICTED]);
    assert.equal(trained, PREDICTED);
    assert.notEqual(untrained, PREDICTED);
    const [closed] = transferOf(SURVEY, 1.1)({ ...task, targets: [asked(UNTRAINED)] }, [PREDICTED]);
    assert.equal(closed, PREDICTED);
  });

  test("strangers beside a relative change nothing", () => {
    const relative = { question: 0, shares: [0.6, 0.3, 0.1] };
    const stranger = { question: 2, shares: [0.99, 0.01] };
    assert.deepEqual(move([stranger, relative]), move([relative]));
  });

  test("neither the order of the context nor that of the options matters", () => {
    const context = [
      { question: 0, shares: [0.7, 0.2, 0.1] },
      { question: 1, shares: [0.1, 0.3, 0.6] },
      { question: 2, shares: [0.2, 0.8] },
    ];
    const moved = move(context);
    assert.deepEqual(move(context.toReversed()), moved);
    // Options are a scale: read from its other end, it is the same scale.
    const turn = <Value>(values: readonly Value[]) =>
      OPTIONS.flatMap((count, q) => values.slice(STARTS[q], STARTS[q]! + count).toReversed());
    const turned = move(
      context.map(({ question, shares }) => ({ question, shares: shares.toReversed() })),
      { rows: turn(SURVEY.rows), logits: turn(SURVEY.logits) },
      PREDICTED.toReversed(),
    );
    close(turned.toReversed(), moved, 1e-6);
  });

  test("gives distributions for whatever a group answers, texts alike or empty", () => {
    const share = fc.constantFrom(0, 1e-9, 0.3, 1);
    const answer = fc.integer({ min: 0, max: 3 }).chain((question) =>
      fc.record({
        question: fc.constant(question),
        shares: fc.array(share, { minLength: OPTIONS[question]!, maxLength: OPTIONS[question]! }),
      }),
    );
    const survey = fc.record({
      rows: fc.constantFrom(
        SURVEY.rows,
        SURVEY.rows.map(() => [1, 0, 0]),
        SURVEY.rows.map(() => [0, 0, 0]),
      ),
      logits: fc
        .array(fc.constantFrom(-4096, -20, 0.1, 4096), { minLength: 8, maxLength: 8 })
        .map((trained) => [...trained, 0, 0, 0]),
    });
    const predicted = fc.constantFrom([0, 0, 1], [1, 0, 0], [0.2, 0.3, 0.5]);
    fc.assert(
      fc.property(
        fc.array(answer, { maxLength: 40 }),
        survey,
        predicted,
        (context, drawn, shares) => {
          const moved = move(context, drawn, Float32Array.from(shares));
          assert.ok(moved.every((value) => value >= 0 && value <= 1));
          close([moved.reduce((a, b) => a + b, 0)], [1], 1e-5);
        },
      ),
    );
  });
});
