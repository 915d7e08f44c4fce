import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256, toHex } from "@plenary/protocol";
import { createPredictor } from "@plenary/training";
import { loadDataset } from "../answers/index.ts";
import { exportModel, predictAnswers } from "../model/index.ts";
import { planFederation } from "./plan-federation.ts";

const dataset = await loadDataset("gss");
const heldOut = dataset.answersOf(dataset.split(7).unseen);

test("a plan holds every blob that its configuration names, by hash", () => {
  const plan = planFederation({ name: "plan", dataset, heldOut, quorum: 3, seed: 1 });
  const { configuration } = plan;
  const named = [
    configuration.questionnaire,
    configuration.initialModel,
    configuration.heldOut,
    configuration.contribution.heldOut,
    dataset.questionnaire.embeddings.blob,
  ];
  for (const hash of named)
    assert.ok(typeof hash === "string" && plan.blobs.has(hash), String(hash));
  for (const [hash, bytes] of plan.blobs) assert.equal(toHex(sha256(bytes)), hash);
  assert.equal(configuration.parameterCount, plan.initialModel.length);
  assert.deepEqual(planFederation({ name: "plan", dataset, heldOut, quorum: 3, seed: 1 }), plan);
});

test("without public answers pay goes by data size, and mistakes are named", () => {
  const plan = { name: "plan", dataset, heldOut: null, quorum: 3, seed: 1 };
  assert.deepEqual(planFederation(plan).configuration.contribution, {
    name: "data-size",
    cap: 4096,
  });
  for (const [change, message] of [
    [{ quorum: 257 }, /rounds\.quorum/],
    [{ predictor: { name: "oracle" } }, /oracle/],
    [{ strategy: { name: "sum" } }, /sum/],
    [{ codecs: ["zip"] }, /zip/],
    [{ training: { learningRate: -1 } }, /learningRate/],
    [{ limits: { maxPayloadBytes: 10 } }, /maxPayloadBytes/],
  ] as const)
    assert.throws(() => planFederation({ ...plan, ...change }), { code: "invalid-input", message });
});

test("the paper's predictor can be chosen", () => {
  const predictor = {
    name: "gpo",
    layers: 1,
    width: 32,
    heads: 2,
    feedForward: 32,
    likelihood: "gaussian",
  };
  const { configuration } = planFederation({
    name: "gpo",
    dataset,
    heldOut,
    quorum: 2,
    seed: 1,
    predictor,
  });
  assert.equal(configuration.predictor.name, "gpo");
});

test("a model is exported and predicts what a group was not asked", async () => {
  const { configuration, initialModel } = planFederation({
    name: "p",
    dataset,
    heldOut,
    quorum: 2,
    seed: 1,
  });
  const predictor = createPredictor(
    configuration.predictor,
    dataset.questionnaire,
    dataset.embeddings,
  );
  for (const format of ["onnx", "safetensors"] as const)
    assert.ok(exportModel({ predictor }, initialModel, format).length > 4 * initialModel.length);
  const [group] = heldOut.groups;
  assert.ok(group);
  const answers = {
    version: 1 as const,
    groups: [{ ...group, answers: group.answers.slice(0, 20) }],
  };
  const { questionnaire } = dataset;
  const input = { model: initialModel, answers };
  const withoutIntervals = await predictAnswers({ predictor, questionnaire }, input);
  assert.deepEqual(withoutIntervals.intervals, []);
  const [predicted] = withoutIntervals.groups;
  assert.equal(predicted?.predictions.length, questionnaire.questions.length - 20);
  for (const { options } of predicted?.predictions ?? [])
    assert.ok(Math.abs(options.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-5);
  const ask = { text: "Tea?", options: ["Yes", "No"] };
  await assert.rejects(
    predictAnswers({ predictor, questionnaire }, { ...input, newQuestions: [ask] }),
    {
      code: "invalid-input",
      message: /text embedder/,
    },
  );
  await assert.rejects(
    predictAnswers({ predictor, questionnaire }, { ...input, questions: ["nosuch"] }),
    {
      code: "invalid-input",
    },
  );
});
