import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type PublishedUpdate,
  rewardsRoot,
  updatesRoot,
  vectorRootFast,
} from "@plenary/algorithms";
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeRewardLeaf,
  encodeUpdateLeaf,
  envelopeHash,
  leafHash,
  sha256,
  vectorToBytes,
  verifyInclusion,
} from "@plenary/protocol";
import fc from "fast-check";
import type { LedgerDispute } from "../../chain/ledger.ts";
import type { RoundMaterial } from "../models/round-material.ts";
import { answerTo, demandedPiece, isToEnd, nameOfPiece } from "./demanded-piece.ts";

const NOW = 1_800_000_000_000;
const hashOf = (text: string) => sha256(Buffer.from(text));

function disputeWith(changes: Partial<LedgerDispute>): LedgerDispute {
  return {
    address: hashOf("dispute"),
    round: hashOf("round"),
    challenger: hashOf("challenger"),
    kind: "chunk",
    index: 1,
    nextLeaf: 0,
    missing: "leaf",
    targetHash: new Uint8Array(32),
    provenRight: null,
    demandedUntil: NOW + 1_000,
    deposit: 1n,
    openedAt: NOW,
    expiresAt: NOW + 60_000,
    ...changes,
  };
}

function updateOf(place: number): PublishedUpdate {
  const message = encodeEnvelope({
    genesisHash: hashOf("chain"),
    programId: hashOf("program"),
    federation: hashOf("federation"),
    round: 1n,
    member: hashOf(`member ${place}`),
    baseRoot: hashOf("base"),
    sequence: BigInt(place),
    codec: 0,
    payloadLength: 4,
    payloadHash: hashOf(`payload ${place}`),
    weight: place + 1,
    deltaRoot: hashOf(`delta ${place}`),
    checkpointRoot: new Uint8Array(32),
  });
  const envelope = decodeEnvelope(message);
  const { member, sequence, deltaRoot, weight, payloadHash } = envelope;
  return {
    leaf: {
      member,
      sequence,
      envelopeHash: envelopeHash(message),
      deltaRoot,
      weight,
      reason: 0,
      payloadHash,
    },
    envelope,
    signingKey: hashOf(`key ${place}`),
    message,
    signature: new Uint8Array(64).fill(place),
  };
}

function materialOf(size: number, vector?: Int32Array): RoundMaterial {
  return {
    updates: Array.from({ length: size }, (_, place) => updateOf(place)),
    rewards: Array.from({ length: size }, (_, place) => ({
      member: hashOf(`member ${place}`),
      cumulative: BigInt(place + 1),
    })),
    vector,
  };
}

function answerOf(dispute: LedgerDispute, material: RoundMaterial) {
  const piece = demandedPiece(dispute);
  assert.ok(piece);
  return answerTo(piece, material);
}

describe("what a dispute demands", () => {
  test("follows from what the dispute lacks", () => {
    const piece = (changes: Partial<LedgerDispute>) => demandedPiece(disputeWith(changes));
    assert.deepEqual(piece({ nextLeaf: 2 }), { kind: "update-leaf", leaf: 2 });
    assert.deepEqual(piece({ kind: "total", nextLeaf: 2 }), { kind: "reward-leaf", leaf: 2 });
    assert.deepEqual(piece({ missing: "delta", nextLeaf: 3 }), {
      kind: "chunk",
      vector: "delta",
      leaf: 2,
      chunk: 1,
    });
    assert.deepEqual(piece({ missing: "nextState", nextLeaf: 3 }), {
      kind: "chunk",
      vector: "nextState",
      chunk: 1,
    });
    const targetHash = hashOf("leaf");
    const envelope = { kind: "envelope", missing: null, targetHash } as const;
    assert.deepEqual(piece(envelope), { kind: "envelope", leafHash: targetHash });
    assert.equal(piece({ demandedUntil: null }), null);
    assert.equal(piece({ ...envelope, provenRight: "aggregator" }), null);
    assert.equal(piece({ kind: "omission", missing: null }), null);
  });

  test("has its own name", () => {
    const pieces = (["leaf", "delta", "base", "next", "baseState", "nextState"] as const)
      .flatMap((missing) => [1, 2].map((nextLeaf) => disputeWith({ missing, nextLeaf })))
      .concat(disputeWith({ kind: "total" }), disputeWith({ kind: "envelope", missing: null }))
      .map(demandedPiece);
    const names = new Set(pieces.map((piece) => piece && nameOfPiece(piece)));
    // Each of the round's four vectors is one piece, however many leaves were folded.
    assert.equal(names.size, pieces.length - 4);
  });
});

describe("an answer", () => {
  test("is the demanded leaf, with its proof", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (size, drawn) => {
        const nextLeaf = drawn % size;
        const material = materialOf(size);
        const update = answerOf(disputeWith({ nextLeaf }), material);
        assert.ok(update.kind === "update-leaf");
        assert.deepEqual(update.leaf, material.updates[nextLeaf]?.leaf);
        const leaves = material.updates.map(({ leaf }) => leaf);
        const of = (bytes: Uint8Array) => leafHash(bytes);
        assert.ok(
          verifyInclusion(
            updatesRoot(leaves),
            of(encodeUpdateLeaf(update.leaf)),
            nextLeaf,
            size,
            update.path,
          ),
        );
        const reward = answerOf(disputeWith({ kind: "total", nextLeaf }), material);
        assert.ok(reward.kind === "reward-leaf");
        assert.ok(
          verifyInclusion(
            rewardsRoot(material.rewards),
            of(encodeRewardLeaf(reward.leaf)),
            nextLeaf,
            size,
            reward.path,
          ),
        );
      }),
      { numRuns: 40 },
    );
  });

  test("is the disputed chunk of the vector, padded with zeros if it is the last, with its proof", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), (length, drawn) => {
        const vector = Int32Array.from({ length }, (_, i) => i * 7919 - 1_000_000);
        const chunks = Math.ceil(length / 64);
        const index = drawn % chunks;
        const answer = answerOf(disputeWith({ missing: "next", index }), materialOf(1, vector));
        assert.ok(answer.kind === "chunk");
        assert.equal(answer.values.length, 64);
        const part = vector.subarray(64 * index, 64 * (index + 1));
        assert.deepEqual(answer.values.subarray(0, part.length), part.slice());
        assert.ok(answer.values.subarray(part.length).every((value) => value === 0));
        const leaf = leafHash(vectorToBytes(answer.values));
        assert.ok(verifyInclusion(vectorRootFast(vector), leaf, index, chunks, answer.path));
      }),
      { numRuns: 60 },
    );
  });

  test("is the envelope of the leaf with the demanded hash, as its member signed it", () => {
    const material = materialOf(5);
    const wanted = material.updates[3];
    assert.ok(wanted);
    const targetHash = leafHash(encodeUpdateLeaf(wanted.leaf));
    const answer = answerOf(disputeWith({ kind: "envelope", missing: null, targetHash }), material);
    const { leaf, message, signature, signingKey } = wanted;
    assert.deepEqual(answer, { kind: "envelope", leaf, message, signature, signingKey });
  });

  test("does not exist for a piece that the round does not have", () => {
    const refused = { code: "round-inconsistent" };
    const material = materialOf(2);
    assert.throws(() => answerOf(disputeWith({ nextLeaf: 2 }), material), refused);
    assert.throws(() => answerOf(disputeWith({ kind: "total", nextLeaf: 2 }), material), refused);
    assert.throws(() => answerOf(disputeWith({ missing: "base" }), material), refused);
    assert.throws(
      () => answerOf(disputeWith({ kind: "envelope", missing: null }), material),
      refused,
    );
  });
});

test("a dispute is ended once it is won, and when its challenger's time is over", () => {
  const over = NOW + 60_001;
  const cases: [boolean, Partial<LedgerDispute>, number][] = [
    [false, { demandedUntil: null }, NOW],
    [false, {}, NOW],
    [false, {}, NOW + 30_000],
    [true, { demandedUntil: null }, over],
    [true, {}, over],
    [false, { demandedUntil: over }, over],
    [true, { demandedUntil: null, missing: null }, NOW],
    [true, { demandedUntil: null, missing: null, kind: "total" }, NOW],
    [false, { demandedUntil: null, missing: null, kind: "omission" }, NOW],
    [
      true,
      { demandedUntil: null, missing: null, kind: "envelope", provenRight: "aggregator" },
      NOW,
    ],
    [
      false,
      { demandedUntil: null, missing: null, kind: "omission", provenRight: "challenger" },
      NOW,
    ],
    [
      true,
      { demandedUntil: null, missing: null, kind: "omission", provenRight: "challenger" },
      over,
    ],
  ];
  for (const [expected, changes, now] of cases)
    assert.equal(isToEnd(disputeWith(changes), now), expected, JSON.stringify([changes, now]));
});
