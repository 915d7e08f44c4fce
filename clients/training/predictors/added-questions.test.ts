import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createAggregator, createCodec } from "@plenary/algorithms";
import {
  type AnswerSet,
  deltaOf,
  type PluginConfiguration,
  type Question,
  toFloat32,
} from "@plenary/protocol";
import { loadSurvey } from "../fixtures/survey.ts";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  openEngine,
  predict,
  trainRound,
} from "../index.ts";
import type { Predictor } from "./predictor.ts";

const survey = await loadSurvey();
const { questionnaire, embeddings, answersOf } = survey;
const LATE = 2;
const reserve = { questions: 4, options: 40 };
const ROOMY: PluginConfiguration = { ...DEFAULT_PREDICTOR.tilt, reserve };
const training = { ...DEFAULT_TRAINING.tilt, localSteps: 6 };

/** The survey's last questions as questions that were added. */
function withLate(added: Question["added"], configuration = {}): Predictor {
  const first = questionnaire.questions.length - LATE;
  const questions = questionnaire.questions.map((question, position) =>
    position < first ? question : { ...question, added: added! },
  );
  const wanted = { ...ROOMY, ...configuration };
  return createPredictor(wanted, { ...questionnaire, questions }, embeddings);
}

const block = (predictor: Predictor, name: string) =>
  predictor.blocks.find((candidate) => candidate.name === name)!;
const first = questionnaire.questions.length - LATE;
const lateIds = questionnaire.questions.slice(first).map(({ id }) => id);

function without(answers: AnswerSet): AnswerSet {
  const groups = answers.groups.map((group) => ({
    ...group,
    answers: group.answers.filter(({ question }) => !lateIds.includes(question)),
  }));
  return { version: 1, groups };
}

describe("a predictor with room for questions", () => {
  test("has the old layout behind its new blocks, and the very old layout without room", () => {
    const old = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
    const roomy = createPredictor(ROOMY, questionnaire, embeddings);
    assert.equal(old.grow, undefined);
    assert.deepEqual(
      roomy.blocks.slice(0, 4).map(({ name, from }) => [name, from % 64]),
      [
        ["reach", 0],
        ["age", 0],
        ["added.base", 0],
        ["added.option", 0],
      ],
    );
    const shift = roomy.parameterCount - old.parameterCount;
    assert.deepEqual(roomy.initialParameters(5).slice(shift), old.initialParameters(5));
    assert.ok(
      roomy
        .initialParameters(5)
        .subarray(0, shift)
        .every((value) => value === 0),
    );
  });

  test("refuses questions that do not fit, and added ones before others", () => {
    assert.throws(() => withLate({ members: 3 }, { reserve: { questions: 1, options: 40 } }), {
      code: "invalid-input",
      message: /does not fit/,
    });
    assert.throws(
      () => withLate({ members: 3 }, { reserve: { questions: 4, options: 3 } }),
      /does not fit/,
    );
    const [one, ...rest] = questionnaire.questions;
    const questions = [{ ...one!, added: { members: 2 } }, ...rest];
    assert.throws(
      () => createPredictor(ROOMY, { ...questionnaire, questions }, embeddings),
      /added questions come after all others/,
    );
    const closed = { ...questionnaire, questions: [...rest, { ...one!, added: { members: 2 } }] };
    assert.throws(() => createPredictor(DEFAULT_PREDICTOR.tilt, closed, embeddings), /no room/);
  });
});

describe("a round with added questions", () => {
  const members = 4;
  const predictor = withLate({ members, pilots: 1 });
  const { base: baseFrom } = { base: block(predictor, "added.base") };
  const model = predictor.initialParameters(1);
  // As if other questions had been trained: what is lent is then not even.
  const trained = block(predictor, "base");
  for (let i = trained.from; i < trained.to; i += 1) model[i] = ((i * 7919) % 200_001) * 100;
  const growth = predictor.grow!(toFloat32(model));
  const rows = questionnaire.questions
    .slice(first)
    .reduce((sum, { options }) => sum + options.length, 0);

  test("the plain mean of all members is the mean over the pilots and the lent base", () => {
    const { start } = growth;
    assert.ok(start.subarray(baseFrom.from, baseFrom.from + rows).some((value) => value !== 0));
    const move = Float32Array.from({ length: rows }, (_, i) => Math.sin(i) / 32);
    const pilot = start.slice();
    move.forEach((value, i) => {
      pilot[baseFrom.from + i]! += value;
    });
    const updates = Array.from({ length: members }, (_, member) => {
      const answered = new Set(member === 0 ? [0, 1, first, first + 1] : [0, 1]);
      const after = growth.finish(member === 0 ? pilot : start, answered);
      return { delta: deltaOf(model, after), weight: 10 };
    });
    const mean = createAggregator({ name: "mean" }).aggregate(updates);
    const next = toFloat32(model.map((value, i) => value + mean[i]!));
    move.forEach((value, i) => {
      const at = baseFrom.from + i;
      const expected = start[at]! + value / 1.4;
      assert.ok(Math.abs(next[at]! - expected) < 1e-5, `${i}: ${next[at]} ${expected}`);
    });
    const reach = block(predictor, "reach").from;
    const shares = [0, first, 5].map((question) => next[reach + question]! * 64);
    for (const [i, share] of [1, 0.25, 0].entries())
      assert.ok(Math.abs(shares[i]! - share) < 1e-4, String(shares));
    const states = predictor.questionStates!(model.map((value, i) => value + mean[i]!));
    assert.deepEqual([states[first]!.isTrained, states[first]!.isYoung], [true, true]);
  });

  test("keeps within an update's range, and int8 keeps the counts", () => {
    const wild = growth.start.slice();
    for (let i = 0; i < rows; i += 1) wild[baseFrom.from + i] = (i % 2 === 0 ? 1 : -1) * 6;
    const delta = deltaOf(model, growth.finish(wild, new Set([first])));
    const codec = createCodec({ name: "int8" });
    const sent = codec.decode(codec.encode(delta), delta.length);
    const reach = block(predictor, "reach").from;
    const [answered, left] = [first, first + 1].map(
      (question) => sent[reach + question]! / 2 ** 18,
    );
    assert.ok(Math.abs(answered! - 1) < 0.01 && Math.abs(left!) < 0.01, `${answered} ${left}`);
  });

  test("without announced pilots the first round only counts, and the second trains", () => {
    const quiet = withLate({ members });
    const { start, finish } = quiet.grow!(toFloat32(model));
    const moved = start.slice();
    moved[baseFrom.from]! += 0.01;
    const after = finish(moved, new Set([first]));
    assert.deepEqual(
      after.subarray(baseFrom.from, baseFrom.to),
      toFloat32(model).subarray(baseFrom.from, baseFrom.to),
    );
    const reached = model.slice();
    reached[block(quiet, "reach").from + first] = 2 ** 18 / members;
    const second = quiet.grow!(toFloat32(reached));
    const scaled = second.finish(moved, new Set([first]));
    const factor = (scaled[baseFrom.from]! - start[baseFrom.from]!) / 0.01;
    assert.ok(Math.abs(factor - members / 1.4) < 1e-3, String(factor));
    const age = block(quiet, "age").from;
    assert.deepEqual([scaled[age]! * 64, scaled[age + 1]! * 64], [1, 0]);
  });
});

test("a pilot's answers move the prediction of an added question for all groups alike", async () => {
  const engine = await openEngine("native");
  const predictor = withLate({ members: 2, pilots: 1 });
  let model = predictor.initialParameters(1);
  const members = [answersOf([0]), without(answersOf([1]))];
  for (let round = 0; round < 3; round += 1) {
    const updates = [];
    for (const [seed, answers] of members.entries()) {
      const { after, weight } = await trainRound({
        predictor,
        training,
        base: model,
        answers,
        round,
        seed,
        engine,
      });
      updates.push({ delta: deltaOf(model, after), weight });
    }
    const mean = createAggregator({ name: "mean" }).aggregate(updates);
    model = model.map((value, i) => value + mean[i]!);
  }
  const told = answersOf([0]).groups[0]!.answers.filter(({ question }) =>
    lateIds.includes(question),
  );
  const predictFor = async (group: number) =>
    predict({
      predictor,
      model,
      context: without(answersOf([group])).groups[0]!.answers,
      questions: told.map(({ question }) => question),
      engine,
    });
  const [here, there] = [await predictFor(3), await predictFor(4)];
  assert.deepEqual(here, there);
  for (const [i, { counts }] of told.entries()) {
    const total = counts.reduce((a, b) => a + b, 0);
    const distance = here[i]!.shares.reduce(
      (sum, share, k) => sum + Math.abs(share - counts[k]! / total),
      0,
    );
    assert.ok(distance < 0.5, `${told[i]!.question} ${distance}`);
  }
  await engine.close();
});
