import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { loadSurvey } from "./fixtures/survey.ts";
import {
  calibrate,
  createPredictor,
  DEFAULT_PREDICTOR,
  type Engine,
  intervalOf,
  intervalRules,
  openEngine,
  type Predictor,
  predict,
  predictGroups,
  predictionCsv,
  ruleFor,
} from "./index.ts";

const { questionnaire, embeddings, answersOf } = await loadSurvey();
const ids = questionnaire.questions.map(({ id }) => id);
const ROWS = { group: "g", question: "q", kind: "trained", low: null, high: null } as const;

/** A model of which every question has a base. */
function trainedModel(predictor: Predictor): Int32Array {
  const model = predictor.initialParameters(3);
  const { from, to } = predictor.blocks.find((block) => block.name === "base")!;
  for (let i = from; i < to; i += 1) model[i] = ((i % 5) + 1) * 2 ** 20;
  return model;
}

let engine: Engine;
before(async () => {
  engine = await openEngine("native");
});
after(() => engine.close());

describe("many groups", () => {
  for (const [name, groups] of [
    ["tilt", 70],
    ["gpo", 10],
  ] as const)
    test(`${name}: a batch predicts what single calls predict`, async () => {
      const predictor = createPredictor(DEFAULT_PREDICTOR[name], questionnaire, embeddings);
      const model = predictor.initialParameters(3);
      const answers = answersOf([0, 1, 2, 3, 4]).groups;
      const asked = Array.from({ length: groups }, (_, group) => ({
        context: answers[group % answers.length]!.answers.slice(group % 7, (group % 7) + 1 + group),
        questions: ids.slice(group, group + 3),
      }));
      const together = await predictGroups({ predictor, model, groups: asked, engine });
      for (const place of [0, 1, groups - 1]) {
        const alone = await predict({ predictor, model, ...asked[place]!, engine });
        alone.forEach((prediction, index) => {
          const other = together[place]?.[index] ?? assert.fail("a prediction is missing");
          assert.equal(other.question, prediction.question);
          prediction.shares.forEach((share, option) => {
            assert.ok(Math.abs(share - (other.shares[option] ?? 2)) < 1e-4);
          });
        });
      }
    });

  test("without groups, or without questions, nothing is predicted", async () => {
    const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
    const model = predictor.initialParameters(3);
    assert.deepEqual(await predictGroups({ predictor, model, groups: [], engine }), []);
    const context = answersOf([0]).groups[0]!.answers;
    assert.deepEqual(await predict({ predictor, model, context, questions: [], engine }), []);
  });

  test("a question that nobody trained follows the group's answer to a relative only", async () => {
    const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
    const { transfer: _, ...plain } = predictor;
    const model = trainedModel(predictor);
    const options = questionnaire.questions[0]!.options.length;
    const text = embeddings.matrix().slice(0, options * embeddings.dimension);
    const twin = { options, embeddings: text };
    const stranger = { options, embeddings: text.map((value) => -value) };
    const counts = questionnaire.questions[0]!.options.map((_, i) => (i === 1 ? 97 : 1));
    const context = [{ question: ids[0]!, counts }];
    const input = { model, context, questions: ids, newQuestions: [twin, stranger], engine };
    const before = await predict({ ...input, predictor: plain });
    const after = await predict({ ...input, predictor });
    assert.ok(after.at(-2)!.shares[1]! > before.at(-2)!.shares[1]! + 0.2);
    assert.deepEqual(after.toSpliced(-2, 1), before.toSpliced(-2, 1));
  });
});

describe("intervals", () => {
  const errors = {
    questions: "known" as const,
    context: 3,
    choosing: Float64Array.from({ length: 19 }, (_, i) => (i + 1) / 10),
    reporting: Float64Array.from([0.1, 0.5, 1.8, 1.81]),
  };

  test("the width is the conformal quantile of one half, the coverage that of the other", () => {
    const [rule] = intervalRules({ errors: [errors], groups: 2 }, 0.9);
    assert.ok(rule);
    assert.deepEqual([rule.factor, rule.coverage, rule.shares, rule.groups], [1.8, 0.75, 4, 2]);
    const { low, high } = intervalOf(0.5, rule);
    const half = 1.8 * Math.sqrt(0.26);
    assert.deepEqual([low, high], [Math.max(0, 0.5 - half), Math.min(1, 0.5 + half)]);
    // 19 errors say nothing about one in a hundred.
    const [careful] = intervalRules({ errors: [errors], groups: 2 }, 0.99);
    assert.deepEqual([careful?.coverage, intervalOf(0.5, careful!)], [1, { low: 0, high: 1 }]);
  });

  test("a prediction has the rule of the most answers that its group has", () => {
    const calibration = { errors: [1, 8, 3].map((context) => ({ ...errors, context })), groups: 2 };
    const rules = intervalRules(calibration, 0.9);
    const contextFor = (answers: number) => ruleFor(rules, { kind: "trained" }, answers)?.context;
    assert.deepEqual([0, 1, 2, 7, 8, 100].map(contextFor), [undefined, 1, 1, 3, 8, 8]);
    assert.equal(ruleFor(rules, { kind: "new" }, 8), null);
  });

  test("calibration measures trained and forgotten questions on real groups, repeatably", async () => {
    const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
    const model = trainedModel(predictor);
    const answers = answersOf([0, 1, 2, 3]);
    const input = { predictor, model, answers, engine, seed: 7, halves: 5 };
    const rules = intervalRules(await calibrate(input), 0.8);
    assert.deepEqual(
      rules.map(({ questions, context }) => `${questions} ${context}`),
      [1, 3, 8, 20].flatMap((context) => [`known ${context}`, `unknown ${context}`]),
    );
    for (const { coverage, groups, factor } of rules) {
      assert.equal(groups, 2);
      assert.ok(coverage > 0.6 && coverage < 0.95 && factor > 0, `${coverage}`);
    }
    assert.deepEqual(intervalRules(await calibrate(input), 0.8), rules);
    // Predictions of forgotten questions take over answers to relatives, and so do their intervals.
    const { transfer: _, ...plain } = predictor;
    const others = intervalRules(await calibrate({ ...input, predictor: plain }), 0.8);
    rules.forEach((rule, i) => {
      const isSame = rule.factor === others[i]!.factor;
      assert.ok(rule.questions === "known" ? isSame : !isSame || rule.context < 20);
    });
  });
});

test("CSV quotes what would break it, and leaves a missing interval empty", () => {
  const rows = [
    { ...ROWS, option: 'so, "so"\nla', share: 1 / 3 },
    { ...ROWS, option: "ja", share: 2 / 3, low: 0.5, high: 1 },
  ];
  assert.equal(
    predictionCsv(rows),
    'group,question,kind,option,share,low,high\r\ng,q,trained,"so, ""so""\nla",0.333333,,\r\ng,q,trained,ja,0.666667,0.5,1\r\n',
  );
});
