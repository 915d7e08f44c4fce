import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type AnswerSet, optionOffsets } from "@plenary/protocol";
import fc from "fast-check";
import { loadSurvey } from "./fixtures/survey.ts";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  type Engine,
  openEngine,
  parseTrainingSettings,
  type TrainingSettings,
  trainRound,
} from "./index.ts";
import { expBelowZero, kinshipTable } from "./kinship.ts";

const { questionnaire, embeddings, answersOf } = await loadSurvey();
const tilt = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
const offsets = optionOffsets(questionnaire);
const block = tilt.blocks.find(({ role }) => role === "prior")!;
const matrix = embeddings.matrix();
const [group] = answersOf([3]).groups;
/** Every fifth answer of a group. */
const thin: AnswerSet = {
  version: 1,
  groups: [{ ...group!, answers: group!.answers.filter((_, i) => i % 5 === 0) }],
};
const positions = new Map(questionnaire.questions.map(({ id }, question) => [id, question]));
const answered = thin.groups[0]!.answers.map(({ question }) => positions.get(question)!);

/** Kinship from its definition, with Math.exp. */
function kinshipOf(a: number, b: number): number {
  if (a === b) return 1;
  const vector = (row: number) => matrix.subarray(row * 384, (row + 1) * 384);
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
  const [x, y] = [vector(a), vector(b)];
  const kinship = Math.exp(7 * (dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)) - 1));
  const place = (row: number) => {
    const question = offsets.findLastIndex((from) => from <= row);
    return `${row - offsets[question]!} of ${offsets[question + 1]! - offsets[question]!}`;
  };
  return place(a) === place(b) && kinship >= 0.02 ? kinship : 0;
}

const rows = (question: number) =>
  Array.from(
    { length: offsets[question + 1]! - offsets[question]! },
    (_, option) => offsets[question]! + option,
  );

/** The base after a round in float64, written from the description of `priorStepOf`. */
function referenceBase(start: readonly number[], training: TrainingSettings): number[] {
  const base = [...start];
  const kinship = training.priorKinship ?? 0;
  const own = answered.flatMap(rows);
  const moving = questionnaire.questions
    .map((_, question) => question)
    .filter((q) => answered.includes(q) || rows(q).some((row) => start[row] !== 0))
    .flatMap(rows);
  const K = new Map(
    own.map((row) => [
      row,
      moving.map((other) => kinshipOf(row, other) * (row === other ? 1 : kinship)),
    ]),
  );
  const sums = own.map((row) =>
    moving.reduce((sum, other, i) => sum + (own.includes(other) ? K.get(row)![i]! : 0), 0),
  );
  const rate = training.priorLearningRate * Math.min(1, 2 / Math.max(...sums));
  for (let step = 0; step < training.localSteps; step += 1) {
    const gradient = new Map<number, number>();
    for (const { question, counts } of thin.groups[0]!.answers) {
      const at = rows(positions.get(question)!);
      const total = at.reduce((sum, row) => sum + Math.exp(base[row]!), 0);
      const respondents = counts.reduce((sum, count) => sum + count, 0);
      at.forEach((row, i) => {
        gradient.set(row, Math.exp(base[row]!) / total - counts[i]! / respondents);
      });
    }
    moving.forEach((other, i) => {
      for (const row of own) base[other]! -= rate * K.get(row)![i]! * gradient.get(row)!;
    });
  }
  const missing = 1 - answered.length / questionnaire.questions.length;
  return base.map((logit) => logit * (1 - (training.priorDecay ?? 0) * missing));
}

describe("the prior's step of a member with few answers", () => {
  let engine: Engine;
  before(async () => {
    engine = await openEngine("native");
  });
  after(() => engine.close());

  /** The base logits after a round that starts from these. */
  async function trained(start: readonly number[], training: TrainingSettings): Promise<number[]> {
    const base = tilt.initialParameters(1);
    start.forEach((logit, row) => {
      base[block.from + row] = logit * 2 ** 24;
    });
    const input = { predictor: tilt, training, base, answers: thin, round: 0, seed: 1, engine };
    const result = await trainRound(input);
    return [...result.after.subarray(block.from, block.to)];
  }

  const start = Array.from({ length: block.to - block.from }, (_, row) =>
    row % 2 === 0 ? ((row * 7) % 13) / 16 : 0,
  );
  for (const [name, change] of Object.entries({
    "a decay": { priorDecay: 0.1 },
    kinship: { priorKinship: 0.8 },
    "decay and kinship": { priorDecay: 0.05, priorKinship: 1 },
  }))
    test(`${name} moves the base as described`, async () => {
      const { priorDecay: _d, priorKinship: _k, ...plain } = { ...DEFAULT_TRAINING.tilt };
      const training: TrainingSettings = { ...plain, localSteps: 5, ...change };
      const actual = await trained(start, training);
      referenceBase(start, training).forEach((expected, row) => {
        const gap = Math.abs(actual[row]! - expected);
        assert.ok(gap < 1e-4, `option ${row}: ${actual[row]}, not ${expected}`);
      });
    });

  test("questions that nobody has trained keep a base of 0, whatever their relatives learn", async () => {
    const base = await trained(
      start.map(() => 0),
      { ...DEFAULT_TRAINING.tilt, localSteps: 3 },
    );
    questionnaire.questions.forEach((_, question) => {
      const moved = rows(question).some((row) => base[row] !== 0);
      assert.equal(moved, answered.includes(question), `question ${question}`);
    });
  });

  test("settings outside their range are refused by name", () => {
    for (const change of [{ priorDecay: 0.6 }, { priorKinship: -0.1 }])
      assert.throws(
        () => parseTrainingSettings({ ...DEFAULT_TRAINING.tilt, ...change }),
        new RegExp(Object.keys(change)[0]!),
      );
  });
});

test("kinship is symmetric, and between options at the same place only", () => {
  const table = kinshipTable(tilt);
  for (const row of [0, 1, 50]) {
    const relatives = table.of(row);
    assert.ok(relatives.rows.length > 0);
    relatives.rows.forEach((other, i) => {
      assert.ok(Math.abs(relatives.kinship[i]! - kinshipOf(row, other)) < 1e-6);
      const back = table.of(other);
      assert.equal(back.kinship[back.rows.indexOf(row)], relatives.kinship[i]);
    });
  }
});

test("the exponential is that of Math.exp, without calling it", () => {
  fc.assert(
    fc.property(fc.double({ min: -16, max: 0, noNaN: true }), (x) => {
      assert.ok(Math.abs(expBelowZero(x) - Math.exp(x)) < 1e-9);
    }),
  );
});
