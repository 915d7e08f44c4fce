import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { loadSurvey } from "./fixtures/survey.ts";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  type Engine,
  evaluateModel,
  measureModel,
  measureTrainingMean,
  openEngine,
} from "./index.ts";

const { questionnaire, embeddings, answersOf } = await loadSurvey();
const answers = answersOf([0, 1, 2, 3]);
let engine: Engine;
before(async () => {
  engine = await openEngine("native");
});
after(() => engine.close());

for (const name of ["tilt", "gpo"] as const) {
  test(`${name}: its alignment is that of evaluateModel, and half of the groups report`, async () => {
    const predictor = createPredictor(DEFAULT_PREDICTOR[name], questionnaire, embeddings);
    const model = predictor.initialParameters(1);
    const input = { predictor, model, answers, engine, seed: 7 };
    const { choosing, reporting, ...report } = await measureModel({ ...input, halves: 5 });
    assert.deepEqual(report, await evaluateModel(input));
    const all = [...choosing.groups, ...reporting.groups].toSorted();
    assert.deepEqual(all, answers.groups.map(({ id }) => id).toSorted());
    const chosen = report.groups.filter(({ id }) => choosing.groups.includes(id));
    assert.equal(choosing.alignment, (chosen[0]!.alignment + chosen[1]!.alignment) / chosen.length);
    const { trained, untrained } = reporting;
    assert.ok(trained !== null && untrained === null);
    const { ceiling, uniform, model: own, withoutContext } = trained;
    assert.ok(ceiling !== null && ceiling.alignment > 0.95 && ceiling.alignment < 1);
    assert.ok(ceiling.simbench !== null && ceiling.simbench > 80);
    assert.equal(uniform.simbench, 0);
    for (const measures of [own, withoutContext]) assert.ok(Number.isFinite(measures.alignment));
  });
}

test("questions that nobody trained are measured apart", async () => {
  const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
  const { from, to } = predictor.blocks.find((block) => block.name === "base")!;
  const model = predictor.initialParameters(1);
  model.fill(2 ** 20, from, to);
  const measure = () =>
    measureModel({ predictor, model, answers, engine, seed: 7, halves: 5 }).then(
      ({ reporting }) => reporting,
    );
  const whole = await measure();
  assert.equal(whole.untrained, null);
  const options = questionnaire.questions.slice(0, 30).flatMap((question) => question.options);
  model.fill(0, from, from + options.length);
  const { trained, untrained } = await measure();
  assert.ok(trained !== null && untrained !== null && whole.trained !== null);
  assert.equal(trained.cells + untrained.cells, whole.trained.cells);
  assert.ok(untrained.cells > 0 && trained.cells > untrained.cells);
});

test("the mean of a group's own answers is a perfect prediction of it", () => {
  const own = answersOf([0]);
  const { alignment, simbench } = measureTrainingMean(questionnaire, own, own);
  assert.deepEqual([alignment, simbench], [1, 100]);
});
