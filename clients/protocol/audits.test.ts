import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  AUDIT_OUTCOMES,
  AUDIT_REPORT_LENGTH,
  type AuditReport,
  auditOutcome,
  auditPath,
  type Checkpoint,
  checkpointLeaves,
  checkpointRoot,
  decodeAuditReport,
  decodeCheckpoint,
  decodeTrainingCommitment,
  encodeAuditReport,
  encodeCheckpoint,
  encodeTrainingCommitment,
  leafHash,
  PlenaryError,
  segmentCount,
  sha256,
  stepAt,
  TRAINING_COMMITMENT_LENGTH,
  type TrainingCommitment,
  toHex,
  verifyInclusion,
} from "./index.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.nat({ max: 2 ** 32 - 1 });
const text = new TextEncoder();
const hashOf = (name: string) => sha256(text.encode(name));

const commitment: fc.Arbitrary<TrainingCommitment> = fc.record(
  { answersHash: hash, seed: hash, round: u64, steps: u32, checkpointEvery: u32 },
  { noNullPrototype: true },
);
const report: fc.Arbitrary<AuditReport> = fc.record(
  {
    genesisHash: hash,
    programId: hash,
    federation: hash,
    round: u64,
    member: hash,
    envelopeHash: hash,
    auditSeed: hash,
    outcome: fc.nat({ max: 255 }),
    checkpoint: u32,
    auditor: hash,
  },
  { noNullPrototype: true },
);
const checkpoint: fc.Arbitrary<Checkpoint> = fc
  .tuple(u32, u32, fc.nat({ max: 9 }), fc.nat({ max: 2 }))
  .chain(([step, optimizerStep, length, count]) => {
    const size = { minLength: length, maxLength: length, noNaN: true, noDefaultInfinity: true };
    const vector = fc.float32Array(size);
    return fc.record(
      {
        step: fc.constant(step),
        optimizerStep: fc.constant(optimizerStep),
        parameters: vector,
        moments: fc.array(vector, { minLength: count, maxLength: count }),
      },
      { noNullPrototype: true },
    );
  });

test("lengths of messages and checkpoints are those of the protocol", () => {
  assert.deepEqual([TRAINING_COMMITMENT_LENGTH, AUDIT_REPORT_LENGTH], [98, 252]);
  const vector = new Float32Array(5);
  const bytes = encodeCheckpoint({
    step: 1,
    optimizerStep: 1,
    parameters: vector,
    moments: [vector, vector],
  });
  assert.equal(bytes.length, 20 + 16 + 3 * 5 * 4);
});

test("a checkpoint's bytes are those of the protocol", () => {
  const bytes = encodeCheckpoint({
    step: 2,
    optimizerStep: 3,
    parameters: Float32Array.of(1, -2),
    moments: [Float32Array.of(0.5, 0)],
  });
  const header = "02000000" + "03000000" + "02000000" + "01000000";
  const vectors = "0000803f" + "000000c0" + "0000003f" + "00000000";
  assert.equal(toHex(bytes), toHex(text.encode("plenary/checkpoint/1")) + header + vectors);
});

test("any checkpoint, commitment and report survives encoding", () => {
  fc.assert(
    fc.property(checkpoint, commitment, report, (one, two, three) => {
      const bytes = encodeCheckpoint(one);
      assert.deepEqual(decodeCheckpoint(bytes), one);
      assert.deepEqual(encodeCheckpoint(decodeCheckpoint(bytes)), bytes);
      assert.deepEqual(decodeTrainingCommitment(encodeTrainingCommitment(two)), two);
      assert.deepEqual(decodeAuditReport(encodeAuditReport(three)), three);
    }),
  );
});

test("arbitrary and damaged bytes are refused with a stated reason, or are another checkpoint", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const decode of [decodeCheckpoint, decodeTrainingCommitment, decodeAuditReport])
        assert.throws(() => decode(bytes), PlenaryError);
    }),
  );
  fc.assert(
    fc.property(checkpoint, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, position, flip) => {
      const bytes = encodeCheckpoint(value);
      const at = position % bytes.length;
      const altered = bytes.slice();
      altered[at]! ^= flip;
      let decoded: Checkpoint;
      try {
        decoded = decodeCheckpoint(altered);
      } catch (error) {
        assert.ok(error instanceof PlenaryError);
        return;
      }
      assert.deepEqual(encodeCheckpoint(decoded), altered);
      assert.throws(() => decodeCheckpoint(bytes.subarray(1)), PlenaryError);
      assert.throws(() => decodeCheckpoint(bytes.subarray(0, -1)), PlenaryError);
    }),
  );
});

test("a checkpoint is refused unless it is finite, countable and of the right length", () => {
  const parameters = Float32Array.of(1);
  const wrong: Checkpoint[] = [
    { step: 1, optimizerStep: 1, parameters: Float32Array.of(Number.NaN), moments: [] },
    { step: 1, optimizerStep: 1, parameters, moments: [Float32Array.of(Number.POSITIVE_INFINITY)] },
    { step: 1, optimizerStep: 1, parameters, moments: [new Float32Array(2)] },
    { step: -1, optimizerStep: 1, parameters, moments: [] },
    { step: 1, optimizerStep: 1.5, parameters, moments: [] },
  ];
  for (const value of wrong)
    assert.throws(() => encodeCheckpoint(value), { code: "invalid-input" });
});

test("every checkpoint is proved under the root, and nothing else is", () => {
  const value: TrainingCommitment = {
    answersHash: hashOf("answers"),
    seed: hashOf("seed"),
    round: 3n,
    steps: 10,
    checkpointEvery: 4,
  };
  const hashes = ["a", "b", "c"].map((name) => leafHash(text.encode(name)));
  const root = checkpointRoot(value, hashes);
  const leaves = checkpointLeaves(value, hashes);
  assert.deepEqual(leaves[0], leafHash(encodeTrainingCommitment(value)));
  leaves.forEach((leaf, i) => {
    assert.ok(verifyInclusion(root, leaf, i, 4, auditPath(leaves, i)));
    assert.ok(!verifyInclusion(root, leaf, (i + 1) % 4, 4, auditPath(leaves, i)));
  });
});

test("segments cover a training: each but the last has the same length", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 1000 }),
      (steps, every) => {
        const total = segmentCount(steps, every);
        const ends = Array.from({ length: total + 1 }, (_, i) => stepAt(i, steps, every));
        assert.equal(ends[0], 0);
        assert.equal(ends.at(-1), steps);
        ends.slice(1).forEach((end, i) => {
          assert.ok(end > ends[i]! && (i === total - 1 || end - ends[i]! === every));
        });
      },
    ),
  );
});

test("outcomes have names, and other numbers none", () => {
  for (const [name, outcome] of Object.entries(AUDIT_OUTCOMES))
    assert.equal(auditOutcome({ outcome }), name);
  assert.equal(auditOutcome({ outcome: 9 }), undefined);
});
