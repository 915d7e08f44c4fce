import assert from "node:assert/strict";
import { test } from "node:test";
import { type FederationConfiguration, PlenaryError } from "@plenary/protocol";
import fc from "fast-check";
import Type from "typebox";
import { createCodec } from "../codecs/index.ts";
import { createPipeline } from "../configuration.ts";
import { magnitudeOf } from "../kernels/index.ts";
import { definePlugin } from "../plugin.ts";
import { REGISTRIES } from "../registries.ts";
import { screenUpdate } from "../screening/index.ts";
import { configurationFixture, hashOf, vectorFixture } from "../testing/round-fixture.ts";
import {
  applyPipeline,
  compress,
  decodePipelineState,
  encodePipelineState,
  initPipeline,
  type PipelineState,
  signUpdate,
  type UpdateStep,
} from "./index.ts";

const LENGTH = 150;
const LARGEST = 2 ** 31 - 1;

/** A step that makes updates larger, as a faulty or noisy one could. */
const amplify = definePlugin(
  "amplify",
  Type.Object({ name: Type.Literal("amplify") }),
  (): UpdateStep => ({
    name: "amplify",
    init: () => [],
    apply: ({ delta, state }) => ({
      delta: delta.map((entry) => Math.max(-LARGEST, Math.min(LARGEST, entry * 1000))),
      state,
    }),
  }),
);

/**
 * Error feedback (Seide et al., Interspeech 2014): what compression loses is added to the next
 * update. It needs state, and what the round receives.
 */
const residual = definePlugin(
  "residual",
  Type.Object({ name: Type.Literal("residual") }),
  (): UpdateStep => ({
    name: "residual",
    init: (parameterCount) => [new Int32Array(parameterCount)],
    apply: ({ delta, state: [owed], received }) => {
      const whole = delta.map((entry, i) => entry + owed![i]!);
      const sent = received(whole);
      return { delta: whole, state: [whole.map((entry, i) => entry - sent[i]!)] };
    },
  }),
);

const registries = { ...REGISTRIES, updateSteps: { ...REGISTRIES.updateSteps, amplify, residual } };

function configurationOf(
  maxNorm: number,
  pipeline: { name: string; [parameter: string]: unknown }[],
): FederationConfiguration {
  const { codecs, ...shared } = configurationFixture({ screening: { maxNorm } });
  return { ...shared, version: 2, codecs: codecs.map((name) => ({ name })), pipeline };
}

/** What the service says of an update that a member sends. */
function verdictOn(configuration: FederationConfiguration, codec: string, delta: Int32Array) {
  const pipeline = createPipeline(configuration, codec, registries);
  const sent = applyPipeline(pipeline, delta, initPipeline(pipeline, LENGTH));
  const subject = {
    genesisHash: hashOf("genesis"),
    programId: hashOf("program"),
    federation: hashOf("federation"),
    round: 1n,
    member: hashOf("member"),
    baseRoot: hashOf("base"),
    sequence: 1n,
    weight: 1,
  };
  const { envelope } = signUpdate(subject, sent, new Uint8Array(64).fill(1));
  return screenUpdate({ configuration, envelope, payload: sent.payload });
}

/** Updates of every size, from zero to far beyond what any federation accepts. */
const anyUpdate = fc
  .tuple(
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
      minLength: LENGTH,
      maxLength: LENGTH,
    }),
    fc.integer({ min: 0, max: 31 }),
  )
  .map(([entries, size]) =>
    Int32Array.from(entries, (entry) => Math.round(entry * Math.min(LARGEST, 2 ** size))),
  );
const anyNorm = fc.oneof(
  fc.constantFrom(0, 1e-12, 2 ** -24, 1, 1e9),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 1e-6, max: 100, noNaN: true }),
);
const anySteps = fc.subarray([
  { name: "residual" },
  { name: "amplify" },
  { name: "clip", maxNorm: 0.5 },
]);

test("the service never refuses an update for its size, whatever was trained and whatever the steps do", () => {
  fc.assert(
    fc.property(
      anyUpdate,
      anyNorm,
      anySteps,
      fc.constantFrom("int8", "int32"),
      (delta, maxNorm, steps, codec) => {
        const { reason } = verdictOn(configurationOf(maxNorm, steps), codec, delta);
        assert.equal(reason, "counted");
      },
    ),
    { numRuns: 500 },
  );
});

test("an update that passes is sent as it is", () => {
  for (const name of ["int8", "int32"]) {
    const codec = createCodec({ name });
    const delta = vectorFixture("delta", LENGTH, 2 ** 20);
    assert.deepEqual(compress(delta, codec, { maxNorm: 0 }).payload, codec.encode(delta));
    assert.deepEqual(compress(delta, codec, { maxNorm: 1e6 }).payload, codec.encode(delta));
  }
});

test("an update that is too long keeps its direction and comes close to the limit", () => {
  const delta = vectorFixture("long", LENGTH, 2 ** 26);
  const lengthOf = (vector: Int32Array) =>
    Math.sqrt(Number(magnitudeOf(vector).sumOfSquares)) / 2 ** 24;
  for (const name of ["int8", "int32"]) {
    const { decoded } = compress(delta, createCodec({ name }), { maxNorm: 1 });
    const product = delta.reduce(
      (sum, entry, i) => sum + (entry / 2 ** 24) * (decoded[i]! / 2 ** 24),
      0,
    );
    assert.ok(lengthOf(decoded) <= 1);
    assert.ok(lengthOf(decoded) > 0.99, name);
    assert.ok(product / (lengthOf(delta) * lengthOf(decoded)) > 0.999, name);
  }
});

test("the clip step bounds the norm by its own parameter", () => {
  const pipeline = createPipeline(configurationOf(0, [{ name: "clip", maxNorm: 2 }]), "int32");
  const { decoded } = applyPipeline(pipeline, vectorFixture("long", LENGTH, 2 ** 26), [[]]);
  const norm = Math.sqrt(Number(magnitudeOf(decoded).sumOfSquares)) / 2 ** 24;
  assert.ok(norm <= 2 && norm > 1.99);
});

test("a step's state goes from round to round: error feedback loses nothing", () => {
  const configuration = configurationOf(0, [{ name: "residual" }]);
  const pipeline = createPipeline(configuration, "int8", registries);
  let state = initPipeline(pipeline, LENGTH);
  const [trained, sent] = [new Float64Array(LENGTH), new Float64Array(LENGTH)];
  for (let round = 0; round < 10; round++) {
    const delta = vectorFixture(`round ${round}`, LENGTH, 2 ** 22);
    const before = encodePipelineState(state);
    const output = applyPipeline(pipeline, delta, state);
    assert.deepEqual(encodePipelineState(state), before);
    assert.deepEqual(applyPipeline(pipeline, delta, state), output);
    state = decodePipelineState(encodePipelineState(output.state));
    for (let i = 0; i < LENGTH; i++) {
      trained[i]! += delta[i]!;
      sent[i]! += output.decoded[i]!;
    }
  }
  const owed = trained.map((entry, i) => entry - sent[i]!);
  assert.ok(owed.some((entry) => entry !== 0));
  assert.deepEqual([...owed], [...state[0]![0]!]);
});

test("a saved state is read back, and damaged bytes are refused", () => {
  const vector = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 5 });
  const states = fc.array(
    fc.array(
      vector.map((v) => Int32Array.from(v)),
      { maxLength: 3 },
    ),
  );
  fc.assert(
    fc.property(states, fc.nat(), (state: PipelineState, at) => {
      const bytes = encodePipelineState(state);
      assert.deepEqual(decodePipelineState(bytes), state);
      const cut = bytes.subarray(0, at % bytes.length);
      assert.throws(() => decodePipelineState(cut), { code: "invalid-input" });
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        assert.deepEqual(encodePipelineState(decodePipelineState(bytes)), bytes);
      } catch (error) {
        assert.ok(error instanceof PlenaryError && error.code === "invalid-input", String(error));
      }
    }),
  );
});

test("the state of other steps, and a codec that turns zeros into something, are refused", () => {
  const pipeline = createPipeline(configurationOf(0, []), "int32");
  const delta = new Int32Array(LENGTH);
  assert.throws(() => applyPipeline(pipeline, delta, [[]]), { code: "invalid-input" });
  const wild = { ...createCodec({ name: "int32" }), decode: () => delta.map(() => 2 ** 28) };
  assert.throws(() => compress(delta, wild, { maxNorm: 1 }), { code: "codec-malformed" });
});
