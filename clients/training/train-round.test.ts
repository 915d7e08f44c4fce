import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { deltaOf, PlenaryError, toHex, vectorRoot } from "@plenary/protocol";
import { loadSurvey } from "./fixtures/survey.ts";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  type Engine,
  evaluateBaselines,
  evaluateModel,
  type OptimizerState,
  openEngine,
  openTrainingWorker,
  type TrainingSettings,
  trainRound,
} from "./index.ts";

const { questionnaire, embeddings, answersOf } = await loadSurvey();
const tilt = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
const gpo = createPredictor(DEFAULT_PREDICTOR.gpo, questionnaire, embeddings);
const short: TrainingSettings = { ...DEFAULT_TRAINING.tilt, localSteps: 3 };

describe("a round of training", () => {
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
  const input = (engine: Engine, predictor = tilt, training = short) => ({
    predictor,
    training,
    engine,
    base: predictor.initialParameters(1),
    answers: answersOf([0, 5]),
    round: 4,
    seed: 9,
  });

  for (const predictor of [tilt, gpo]) {
    const { name } = predictor.configuration;
    test(`${name}: the same input gives the same bits, on each engine`, async () => {
      for (const engine of [native, wasm]) {
        const fresh = await openEngine(engine.name);
        const first = await trainRound(input(engine, predictor));
        assert.deepEqual(await trainRound(input(fresh, predictor)), first);
        await fresh.close();
      }
    });
  }

  test("the wasm engine gives these bits on every machine, with and without newer settings", async () => {
    const { priorDecay: _decay, priorKinship: _kinship, ...older } = short;
    const expected = [
      [tilt, short, "ba70b93ec9aa5d60599bacaba472819708a01557ecf3fb8808f13a3563450839"],
      [tilt, older, "a54634155f6d26eefa756501cce08ccb5a93c4dbe1b2f12af278299330aaa0df"],
      [gpo, older, "e62260d8ada6ebdfcd0cc7b2b5243cf269ddd9214a8e6a0abb106ead6c0da9f1"],
    ] as const;
    for (const [predictor, training, root] of expected) {
      const { after } = await trainRound(input(wasm, predictor, training));
      const delta = deltaOf(predictor.initialParameters(1), after);
      assert.equal(toHex(vectorRoot(delta)), root);
    }
  });

  test("the engines agree up to rounding", async () => {
    const a = await trainRound(input(native));
    const b = await trainRound(input(wasm));
    const base = tilt.initialParameters(1);
    const [moved, apart] = [deltaOf(base, a.after), deltaOf(base, b.after)];
    const norm = Math.sqrt(moved.reduce((sum, x) => sum + x * x, 0));
    const difference = Math.sqrt(moved.reduce((sum, x, i) => sum + (x - apart[i]!) ** 2, 0));
    assert.ok(difference < 0.02 * norm, `${difference / norm}`);
  });

  test("round, seed, answers and optimiser state all matter; the input is left as it was", async () => {
    const base = tilt.initialParameters(1);
    const first = await trainRound({ ...input(native), base });
    assert.deepEqual(base, tilt.initialParameters(1));
    const state = structuredClone(first.optimizerState);
    const changes = [
      { round: 5 },
      { seed: 10 },
      { answers: answersOf([1, 5]) },
      { optimizerState: first.optimizerState },
    ];
    for (const change of changes) {
      const other = await trainRound({ ...input(native), ...change });
      assert.notDeepEqual(other.after, first.after, Object.keys(change).join());
    }
    assert.deepEqual(first.optimizerState, state);
  });

  test("weighs the (question, group) cells, reports every step", async () => {
    const steps: number[] = [];
    const answers = answersOf([0, 5]);
    const result = await trainRound({
      ...input(native),
      onProgress: ({ step }) => steps.push(step),
    });
    assert.equal(
      result.weight,
      answers.groups.reduce((sum, group) => sum + group.answers.length, 0),
    );
    assert.deepEqual(steps, [1, 2, 3]);
    assert.equal(result.steps, 3);
  });

  test("a worker thread gives the same bits, reports progress, passes errors on, and stops when told", async () => {
    const worker = openTrainingWorker(tilt, "native");
    const { predictor: _predictor, engine: _engine, ...request } = input(native);
    const steps: number[] = [];
    const result = await worker.train({ ...request, onProgress: ({ step }) => steps.push(step) });
    assert.deepEqual(result, await trainRound(input(native)));
    assert.deepEqual(steps, [1, 2, 3]);
    await assert.rejects(worker.train({ ...request, base: new Int32Array(3) }), {
      code: "model-mismatch",
    });
    const foreign = {
      version: 1 as const,
      groups: [{ id: "g", label: "", answers: [{ question: "?", counts: [1, 2] }] }],
    };
    await assert.rejects(worker.train({ ...request, answers: foreign }), PlenaryError);
    const controller = new AbortController();
    const long = { ...request, training: { ...short, localSteps: 100_000 } };
    await assert.rejects(
      worker.train({ ...long, signal: controller.signal, onProgress: () => controller.abort() }),
      { code: "aborted" },
    );
    const pending = worker.train(long);
    const failed = assert.rejects(pending, { code: "worker-failed" });
    await worker.close();
    await failed;
  });

  test("an aborted signal, a foreign model, state or answer set, and a diverging loss are refused", async () => {
    const aborted = AbortSignal.abort();
    await assert.rejects(trainRound({ ...input(native), signal: aborted }), { code: "aborted" });
    await assert.rejects(trainRound({ ...input(native), base: new Int32Array(5) }), {
      code: "model-mismatch",
    });
    const optimizerState: OptimizerState = { step: 1, moments: [new Float32Array(2)] };
    await assert.rejects(trainRound({ ...input(native), optimizerState }), {
      code: "optimizer-state-invalid",
    });
    const wild = { ...short, learningRate: 100, optimizer: "sgd" as const, localSteps: 20 };
    await assert.rejects(trainRound(input(native, tilt, wild)), { code: "training-diverged" });
    const [group] = answersOf([0]).groups;
    const thin = {
      version: 1 as const,
      groups: [{ ...group!, answers: group!.answers.slice(0, 1) }],
    };
    await assert.rejects(trainRound({ ...input(native), answers: thin }), {
      code: "answers-invalid",
    });
  });

  test("sgd, clipping and a cosine schedule train too", async () => {
    const settings: TrainingSettings = {
      ...short,
      optimizer: "sgd",
      clipNorm: 0.1,
      learningRate: 0.5,
      schedule: "cosine",
    };
    const result = await trainRound(input(native, gpo, settings));
    const base = gpo.initialParameters(1);
    const norm = Math.sqrt(
      deltaOf(base, result.after).reduce((sum, x) => sum + (x / 2 ** 24) ** 2, 0),
    );
    assert.ok(norm > 0 && norm <= 3 * 0.1 * 0.5 + 1e-6, `${norm}`);
    assert.deepEqual(result.optimizerState.moments, []);
  });
});

test("federated rounds on a real survey beat the training groups' mean, for the worst group too", async () => {
  const engine = await openEngine("native");
  const rounds = 5;
  const training: TrainingSettings = { ...DEFAULT_TRAINING.tilt, scheduleRounds: rounds };
  const members = [0, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16];
  const unseen = answersOf([2, 5, 8, 11, 14, 17]);
  const states = new Map<number, OptimizerState>();
  let model = tilt.initialParameters(1);
  for (let round = 0; round < rounds; round += 1) {
    const sums = new Float64Array(model.length);
    let total = 0;
    for (const member of members) {
      const answers = answersOf([member]);
      const state = states.get(member);
      const result = await trainRound({
        predictor: tilt,
        training,
        base: model,
        answers,
        round,
        seed: member,
        engine,
        optimizerState: state,
      });
      states.set(member, result.optimizerState);
      deltaOf(model, result.after).forEach((delta, i) => {
        sums[i]! += delta * result.weight;
      });
      total += result.weight;
    }
    model = model.map((value, i) => value + Math.round(sums[i]! / total));
  }
  const { trainingMean, uniform } = evaluateBaselines(questionnaire, answersOf(members), unseen);
  const report = await evaluateModel({ predictor: tilt, model, answers: unseen, engine, seed: 1 });
  assert.ok(trainingMean.mean > uniform.mean);
  assert.ok(report.mean > trainingMean.mean + 0.015, `${report.mean} against ${trainingMean.mean}`);
  assert.ok(report.min > trainingMean.min + 0.015, `${report.min} against ${trainingMean.min}`);
  await engine.close();
});
