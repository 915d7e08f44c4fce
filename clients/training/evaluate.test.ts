import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { alignment, alignmentReport } from "./alignment.ts";
import { loadSurvey } from "./fixtures/survey.ts";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  type Engine,
  evaluateBaselines,
  evaluateModel,
  openEngine,
  predict,
  utility,
} from "./index.ts";

const { questionnaire, embeddings, answersOf } = await loadSurvey();
const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
const model = predictor.initialParameters(1);

describe("alignment", () => {
  test("is 1 for equal distributions and 1 - sqrt(log 2) for disjoint ones", () => {
    assert.equal(alignment([0.2, 0.8], [0.2, 0.8]), 1);
    assert.ok(Math.abs(alignment([1, 0], [0, 1]) - (1 - Math.sqrt(Math.log(2)))) < 1e-12);
    assert.equal(
      alignment([0.5, 0.5, 0], [0.1, 0.3, 0.6]),
      alignment([0.1, 0.3, 0.6], [0.5, 0.5, 0]),
    );
  });

  test("report: mean, worst group and 1 / (1 + CoV^2)", () => {
    const report = alignmentReport([
      { id: "a", alignment: 0.8 },
      { id: "b", alignment: 0.6 },
    ]);
    assert.ok(Math.abs(report.mean - 0.7) < 1e-12);
    assert.equal(report.min, 0.6);
    assert.ok(Math.abs(report.fairness - 1 / (1 + 0.01 / 0.49)) < 1e-12);
  });
});

describe("baselines", () => {
  test("the mean of one group predicts that group perfectly; questions without a mean are uniform", () => {
    const own = evaluateBaselines(questionnaire, answersOf([0]), answersOf([0]));
    assert.equal(own.trainingMean.mean, 1);
    const [group] = answersOf([0]).groups;
    const half = {
      version: 1 as const,
      groups: [{ ...group!, answers: group!.answers.slice(0, 1) }],
    };
    const partly = evaluateBaselines(questionnaire, half, answersOf([0]));
    assert.ok(partly.trainingMean.mean > partly.uniform.mean && partly.trainingMean.mean < 1);
  });
});

describe("models", () => {
  let native: Engine;
  let wasm: Engine;
  before(async () => {
    native = await openEngine("native");
    wasm = await openEngine("wasm");
  });
  after(async () => {
    await native.close();
    await wasm.close();
  });

  test("evaluation repeats with its seed, lists every group, and an untrained base scores like uniform", async () => {
    const answers = answersOf([0, 1, 2]);
    const flat = model.slice().fill(0);
    const input = { predictor, model: flat, answers, engine: native, seed: 3 };
    const report = await evaluateModel(input);
    assert.deepEqual(await evaluateModel(input), report);
    assert.deepEqual(
      report.groups.map((group) => group.id),
      answers.groups.map((group) => group.id),
    );
    const { uniform } = evaluateBaselines(questionnaire, answers, answers);
    assert.ok(Math.abs(report.mean - uniform.mean) < 0.02);
  });

  test("questions can be asked apart from those that are shown", async () => {
    const [first, second] = answersOf([0, 1]).groups;
    const shown = {
      version: 1 as const,
      groups: [{ ...first!, answers: first!.answers.slice(0, 60) }, second!],
    };
    const asked = {
      version: 1 as const,
      groups: [{ ...first!, answers: first!.answers.slice(60) }],
    };
    const report = await evaluateModel({
      predictor,
      model,
      answers: shown,
      asked,
      engine: native,
      seed: 3,
    });
    assert.deepEqual(
      report.groups.map((group) => group.id),
      [first!.id],
    );
    const { uniform } = evaluateBaselines(questionnaire, asked, asked);
    assert.ok(Math.abs(report.mean - uniform.mean) < 0.05);
  });

  test("utility is the same integer in another session and needs the wasm engine", async () => {
    const heldOut = answersOf([0, 1]);
    const first = await utility({ predictor, model, heldOut, engine: wasm });
    assert.ok(Number.isSafeInteger(first) && first < 0);
    const fresh = await openEngine("wasm");
    assert.equal(await utility({ predictor, model, heldOut, engine: fresh }), first);
    await fresh.close();
    await assert.rejects(utility({ predictor, model, heldOut, engine: native }), {
      code: "engine-mismatch",
    });
  });

  test("utility is this integer on every machine", async () => {
    assert.equal(
      await utility({ predictor, model, heldOut: answersOf([0, 1]), engine: wasm }),
      -122601955585,
    );
  });

  test("utility of uniform shares is their squared error, in units of 2^-32", async () => {
    const heldOut = answersOf([4]);
    const flat = model.slice().fill(0);
    const value = await utility({ predictor, model: flat, heldOut, engine: wasm });
    // The base is uniform and the vectors are 0, so every prediction is uniform too. The draw
    // decides which half is asked.
    const squares = heldOut.groups[0]!.answers.map(({ counts }) => {
      const total = counts.reduce((sum, count) => sum + count, 0);
      return counts.reduce((sum, count) => sum + (count / total - 1 / counts.length) ** 2, 0);
    });
    const all = squares.reduce((sum, square) => sum + square, 0);
    const asked = squares.length - 20;
    const expected = (all * asked) / squares.length;
    assert.ok(
      Math.abs(-value / 2 ** 32 - expected) < 0.5 * expected,
      `${-value / 2 ** 32} is far from ${expected}`,
    );
  });

  test("a model of extreme numbers still has a finite utility", async () => {
    const extreme = model.map((_, i) => (i % 2 === 0 ? 2 ** 31 - 1 : -(2 ** 31 - 1)));
    const value = await utility({
      predictor,
      model: extreme,
      heldOut: answersOf([0]),
      engine: wasm,
    });
    assert.ok(Number.isSafeInteger(value) && value < 0);
  });

  test("prediction answers known and new questions, and says what is wrong with a request", async () => {
    const context = answersOf([0]).groups[0]!.answers.slice(0, 10);
    const [question] = questionnaire.questions;
    const request = { predictor, model, context, engine: native, questions: [question!.id] };
    const added = {
      options: 2,
      embeddings: embeddings.matrix().slice(0, 2 * embeddings.dimension),
    };
    const predictions = await predict({ ...request, newQuestions: [added] });
    assert.deepEqual(
      predictions.map((item) => [item.question, item.shares.length]),
      [
        [question!.id, question!.options.length],
        ["new 0", 2],
      ],
    );
    assert.deepEqual(await predict({ ...request, questions: [] }), []);
    await assert.rejects(predict({ ...request, context: [] }), { code: "context-missing" });
    await assert.rejects(predict({ ...request, questions: ["nothing"] }), {
      code: "invalid-input",
    });
    const short = { ...added, embeddings: added.embeddings.slice(1) };
    await assert.rejects(predict({ ...request, newQuestions: [short] }), { code: "invalid-input" });
    await assert.rejects(predict({ ...request, model: model.slice(1) }), {
      code: "model-mismatch",
    });
    const foreign = [{ question: "nothing", counts: [1, 2] }];
    await assert.rejects(predict({ ...request, context: foreign }), { code: "answers-invalid" });
  });
});
