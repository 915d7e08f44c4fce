import assert from "node:assert/strict";
import { test } from "node:test";
import { toFloat32 } from "@plenary/protocol";
import { loadSurvey } from "./fixtures/survey.ts";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  exportOnnx,
  exportSafetensors,
  openEngine,
  predict,
} from "./index.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

const { questionnaire, embeddings, answersOf } = await loadSurvey();
const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
const model = predictor.initialParameters(1);

test("the ONNX file predicts by itself what the model predicts here", async () => {
  const context = answersOf([0]).groups[0]!.answers.slice(0, 10);
  const rows = embeddings.count;
  const [answers, shown] = [new Float32Array(rows), new Float32Array(rows)];
  let first = 0;
  const offsets = new Map<string, number>();
  for (const { id, options } of questionnaire.questions) {
    offsets.set(id, first);
    first += options.length;
  }
  for (const { question, counts } of context) {
    const total = counts.reduce((sum, count) => sum + count, 0);
    counts.forEach((count, option) => {
      answers[offsets.get(question)! + option] = count / total;
      shown[offsets.get(question)! + option] = 1;
    });
  }
  const engine = await openEngine("native");
  const feed = { shape: [1, rows], elementType: "float32" as const };
  const bytes = exportOnnx({ predictor, model });
  // Opened with these inputs alone: the file must hold the parameters.
  const file = {
    bytes,
    inputs: { answers: feed, shown: feed },
    outputs: ["shares"],
    withConstants: () => bytes,
  };
  const { shares } = await (await engine.load(file)).run({ answers, shown });
  const questions = questionnaire.questions.map((question) => question.id);
  const expected = await predict({ predictor, model, context, questions, engine });
  const flat = expected.flatMap((prediction) => prediction.shares);
  flat.forEach((share, row) => {
    assert.ok(Math.abs(shares![row]! - share) < 1e-6);
  });
  await engine.close();
});

test("the safetensors file holds every parameter", () => {
  const tensors = decodeSafetensors(exportSafetensors({ predictor, model }));
  const values = toFloat32(model);
  for (const { name, shape, from, to } of predictor.blocks) {
    assert.deepEqual(tensors.get(name), { shape, values: values.slice(from, to) });
  }
});

test("a model of another configuration is not exported", () => {
  assert.throws(() => exportOnnx({ predictor, model: model.slice(1) }), { code: "model-mismatch" });
  assert.throws(() => exportSafetensors({ predictor, model: model.slice(1) }), {
    code: "model-mismatch",
  });
});

test("malformed safetensors files are refused", () => {
  const invalid = { code: "invalid-input" };
  const good = encodeSafetensors({ a: { shape: [2], values: Float32Array.of(1, 2) } });
  assert.equal(decodeSafetensors(good).get("a")?.values[1], 2);
  assert.throws(() => decodeSafetensors(good.slice(0, 5)), invalid);
  assert.throws(() => decodeSafetensors(good.slice(0, -4)), invalid);
  const withHeader = (text: string) => {
    const bytes = new Uint8Array(8 + text.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
    bytes.set(new TextEncoder().encode(text), 8);
    return bytes;
  };
  for (const header of [
    "{",
    "null",
    '{"a":1}',
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}',
  ]) {
    assert.throws(() => decodeSafetensors(withHeader(header)), invalid);
  }
});
