import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compareBytes,
  decodeReceipt,
  encodeReceipt,
  fromHex,
  PlenaryError,
  type Receipt,
  sha256,
  signMessage,
  toBase64,
  type UpdateLeaf,
} from "@plenary/protocol";
import fc from "fast-check";
import nacl from "tweetnacl";
import { updatesRoot } from "../round-roots.ts";
import { hashOf } from "../testing/round-fixture.ts";
import {
  checkOmission,
  type OmissionProof,
  parseOmissionProof,
  promisedLeaf,
  proveOmission,
} from "./index.ts";

const AGGREGATOR = nacl.sign.keyPair.fromSeed(hashOf("aggregator"));
const IDENTITY = {
  genesisHash: hashOf("genesis"),
  programId: hashOf("program"),
  federation: hashOf("federation"),
  round: 7n,
};

function leafOf(member: Uint8Array, changes: Partial<UpdateLeaf> = {}): UpdateLeaf {
  return {
    member,
    sequence: 2n,
    envelopeHash: sha256(member),
    deltaRoot: hashOf("delta"),
    weight: 10,
    reason: 0,
    payloadHash: hashOf("payload"),
    ...changes,
  };
}

function leavesOf(count: number): UpdateLeaf[] {
  const members = Array.from({ length: count }, (_, i) => hashOf(`member ${i}`));
  return members.sort(compareBytes).map((member) => leafOf(member));
}

function receiptFor(member: Uint8Array, changes: Partial<Receipt> = {}) {
  const message = encodeReceipt({
    ...IDENTITY,
    member,
    sequence: 2n,
    envelopeHash: sha256(member),
    time: 1_700_000_000_000n,
    ...changes,
  });
  return { message, signature: signMessage(message, AGGREGATOR.secretKey) };
}

function roundOf(leaves: readonly UpdateLeaf[]) {
  return {
    aggregator: AGGREGATOR.publicKey,
    updatesRoot: updatesRoot(leaves),
    updateCount: leaves.length,
  };
}

test("a member that is left out can prove it, wherever its leaf would be, and nobody else can", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (count, pick) => {
      const all = leavesOf(count);
      const member = all[pick % count]?.member ?? new Uint8Array();
      const receipt = receiptFor(member);
      assert.throws(() => proveOmission(receipt, all, roundOf(all)), {
        code: "verification-failed",
      });
      const without = all.filter((leaf) => leaf.member !== member);
      const proof = proveOmission(receipt, without, roundOf(without));
      const file: unknown = JSON.parse(JSON.stringify(proof));
      const sentence = checkOmission(parseOmissionProof(file), roundOf(without), IDENTITY);
      assert.match(
        sentence,
        /^\w+ holds a receipt for its update 2 of round 7, and there is no leaf/,
      );
      // The same file proves nothing against a round that has the leaf.
      assert.throws(() => checkOmission(proof, roundOf(all), IDENTITY), {
        code: "verification-failed",
      });
    }),
  );
});

test("a later update is a substitute; an earlier one, or another with the same sequence, is not", () => {
  const leaves = leavesOf(5);
  const member = leaves[2]?.member ?? new Uint8Array();
  for (const changes of [{ sequence: 3n }, { envelopeHash: hashOf("another") }]) {
    const proof = proveOmission(receiptFor(member, changes), leaves, roundOf(leaves));
    assert.equal(proof.leaves.length, 1);
    assert.match(
      checkOmission(proof, roundOf(leaves), IDENTITY),
      /leaf 2 is another: its update 2/,
    );
  }
  const earlier = receiptFor(member, { sequence: 1n });
  assert.throws(() => proveOmission(earlier, leaves, roundOf(leaves)), /Nothing was omitted/);
});

test("the leaf that keeps a receipt's promise is found, or its omission can be proved", () => {
  fc.assert(
    fc.property(
      fc.record({
        count: fc.integer({ min: 2, max: 12 }),
        pick: fc.nat(),
        sequence: fc.bigInt({ min: 1n, max: 3n }),
        isOther: fc.boolean(),
        isThere: fc.boolean(),
      }),
      ({ count, pick, sequence, isOther, isThere }) => {
        const all = leavesOf(count);
        const { member } = all[pick % count] ?? leafOf(hashOf("none"));
        const changes = { sequence, ...(isOther && { envelopeHash: hashOf("other") }) };
        const receipt = receiptFor(member, changes);
        const leaves = isThere ? all : all.filter((leaf) => leaf.member !== member);
        const promised = promisedLeaf(decodeReceipt(receipt.message), leaves);
        if (promised === null) proveOmission(receipt, leaves, roundOf(leaves));
        else {
          assert.deepEqual(promised.leaf, leaves[promised.index]);
          assert.throws(() => proveOmission(receipt, leaves, roundOf(leaves)));
        }
      },
    ),
  );
});

test("a proof that was changed proves nothing", () => {
  const all = leavesOf(9);
  const member = all[4]?.member ?? new Uint8Array();
  const leaves = all.filter((leaf) => leaf.member !== member);
  const round = roundOf(leaves);
  const proof = proveOmission(receiptFor(member), leaves, round);
  const [lower, upper] = proof.leaves;
  assert.ok(lower && upper);
  const otherKey = nacl.sign.keyPair.fromSeed(hashOf("other"));
  const { message } = receiptFor(member);
  const bent: readonly Partial<OmissionProof>[] = [
    { leaves: [lower] },
    { leaves: [upper] },
    { leaves: [upper, lower] },
    { leaves: [lower, { ...upper, index: upper.index + 1 }] },
    { leaves: [lower, { ...upper, path: upper.path.slice(1) }] },
    { signature: toBase64(signMessage(message, otherKey.secretKey)) },
    { receipt: toBase64(receiptFor(member, { round: 8n }).message) },
    { updateCount: 9 },
    { updatesRoot: "00".repeat(32) },
  ];
  for (const change of bent)
    assert.throws(() => checkOmission({ ...proof, ...change }, round, IDENTITY), PlenaryError);
  for (const change of [{ round: 8n }, { genesisHash: hashOf("x") }, { federation: hashOf("x") }])
    assert.throws(() => checkOmission(proof, round, { ...IDENTITY, ...change }), {
      code: "verification-failed",
    });
  const far = proveOmission(receiptFor(fromHex("ff".repeat(32))), leaves, round);
  assert.match(checkOmission(far, round, IDENTITY), /the last is of an earlier one/);
  const near = proveOmission(receiptFor(fromHex("00".repeat(32))), leaves, round);
  assert.match(checkOmission(near, round, IDENTITY), /the first is of a later one/);
});
