import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chunkCount,
  encodeRewardLeaf,
  encodeUpdateLeaf,
  leafHash,
  type RewardLeaf,
  type RoundManifest,
  toBase58,
  toBase64,
  toHex,
  vectorToBytes,
  verifyInclusion,
} from "@plenary/protocol";
import { vectorRootFast } from "../kernels/index.ts";
import {
  COMMITTED,
  committedLeaves,
  committedRewards,
  HONEST,
  LEAVES,
  MAX_WEIGHT,
  PAY,
} from "../testing/honest-round.ts";
import { hashOf, vectorFixture } from "../testing/round-fixture.ts";
import {
  chunkProof,
  committedStep,
  type Finding,
  findUnsignedLeaf,
  findUnsoundLeaves,
  findVectorDifference,
  findWrongPay,
  findWrongReason,
  publishedUpdates,
  rewardLeafProof,
  updateLeafProof,
} from "./index.ts";

test("an honest round has no finding", async () => {
  const { context, updates, result } = HONEST;
  assert.equal(findUnsoundLeaves(LEAVES, COMMITTED, MAX_WEIGHT), null);
  assert.equal(findUnsignedLeaf(updates, context, COMMITTED.baseRoot), null);
  assert.equal(findWrongReason(LEAVES, result.leaves), null);
  assert.equal(findVectorDifference(result.next, result.next), null);
  assert.equal(findWrongPay(PAY, COMMITTED), null);
  const step = await committedStep(context, updates, HONEST.round.payload);
  assert.deepEqual(step?.roots, { next: COMMITTED.nextRoot, stateAfter: COMMITTED.nextStateRoot });
});

test("chunks and leaves are proved under their roots", () => {
  const vector = vectorFixture("vector", 1000, 2 ** 20);
  for (let i = 0; i < chunkCount(vector.length); i++) {
    const { values, path } = chunkProof(vector, i);
    const hash = leafHash(vectorToBytes(values));
    assert.ok(verifyInclusion(vectorRootFast(vector), hash, i, chunkCount(1000), path));
  }
  for (const [i] of LEAVES.entries()) {
    const { leaf, path } = updateLeafProof(LEAVES, i);
    assert.ok(
      verifyInclusion(
        COMMITTED.updatesRoot,
        leafHash(encodeUpdateLeaf(leaf)),
        i,
        LEAVES.length,
        path,
      ),
    );
  }
  for (const [i] of PAY.published.entries()) {
    const { leaf, path } = rewardLeafProof(PAY.published, i);
    assert.ok(
      verifyInclusion(
        COMMITTED.rewardsRoot,
        leafHash(encodeRewardLeaf(leaf)),
        i,
        PAY.published.length,
        path,
      ),
    );
  }
  for (const chunk of [-1, 16, 0.5])
    assert.throws(() => chunkProof(vector, chunk), { code: "invalid-input" });
});

function outcome(finding: Finding | null): unknown {
  assert.ok(finding);
  const { text, ...proof } = finding;
  return { ...proof, text };
}

test("leaves that are not those committed are withheld", () => {
  const altered = LEAVES.map((leaf, i) => (i === 2 ? { ...leaf, sequence: 9n } : leaf));
  for (const leaves of [altered, LEAVES.slice(1)])
    assert.partialDeepStrictEqual(outcome(findUnsoundLeaves(leaves, COMMITTED, MAX_WEIGHT)), {
      kind: "withheld",
      blob: "update leaves",
    });
});

test("leaves that break a rule of the tree are met by any chunk's dispute", () => {
  const swapped = LEAVES.toReversed();
  const double = [...LEAVES.slice(0, 1), ...LEAVES];
  const heavy = LEAVES.map((leaf, i) => (i === 1 ? { ...leaf, weight: MAX_WEIGHT + 1 } : leaf));
  const refused = LEAVES.map((leaf) => ({ ...leaf, reason: 4 }));
  const none = LEAVES.map((leaf) => ({ ...leaf, reason: 4, weight: 0 }));
  const unknown = none.map((leaf) => ({ ...leaf, reason: 77 }));
  for (const leaves of [swapped, double, heavy, refused, none, unknown]) {
    const finding = findUnsoundLeaves(leaves, committedLeaves(leaves), MAX_WEIGHT);
    assert.partialDeepStrictEqual(outcome(finding), { kind: "chunk", chunk: 0 });
  }
  const sum = { ...COMMITTED, totalWeight: COMMITTED.totalWeight + 1 };
  assert.match(
    findUnsoundLeaves(LEAVES, sum, MAX_WEIGHT)?.text ?? "",
    /total weight is \d+, the leaves add up/,
  );
});

test("a leaf that its member did not sign for is named by its index", () => {
  const { context, result, updates } = HONEST;
  const find = (change: (manifest: RoundManifest) => void) => {
    const manifest = structuredClone(result.manifest);
    change(manifest);
    return findUnsignedLeaf(publishedUpdates(manifest), context, COMMITTED.baseRoot);
  };
  const entry = (manifest: RoundManifest, index: number) => {
    const update = manifest.updates[index];
    assert.ok(update);
    return update;
  };
  const counted = LEAVES.findIndex(({ weight }) => weight > 0);
  const weight = find((manifest) => {
    entry(manifest, counted).weight += 2;
  });
  const says = LEAVES[counted]?.weight ?? 0;
  assert.deepEqual(outcome(weight), {
    kind: "leaf",
    index: counted,
    text: `leaf ${counted} of member ${toBase58(LEAVES[counted]?.member ?? new Uint8Array())} has weight ${says + 2}, its envelope says ${says}`,
  });
  const unsigned = find((manifest) => {
    entry(manifest, 3).signature = toBase64(new Uint8Array(64));
  });
  assert.match(unsigned?.text ?? "", /^leaf 3 of member \w+ has no valid signature/);
  const stranger = find((manifest) => {
    entry(manifest, 4).member = toBase58(hashOf("stranger"));
  });
  assert.match(stranger?.text ?? "", /^leaf 4 is of member \w+, its envelope of/);
  const otherRound = findUnsignedLeaf(updates, { ...context, round: 8n }, COMMITTED.baseRoot);
  assert.match(otherRound?.text ?? "", /^leaf 0 of member \w+ was signed for another program/);
  assert.equal(otherRound?.kind, "leaf");
  // A program cannot read its chain's genesis hash.
  const otherChain = findUnsignedLeaf(
    updates,
    { ...context, genesisHash: hashOf("x") },
    COMMITTED.baseRoot,
  );
  assert.match(otherChain?.text ?? "", /could not have had a receipt: .* another chain/);
  assert.equal(otherChain?.kind, "not-provable");
});

test("a leaf refused without reason is found, and hides no wrong arithmetic", async () => {
  const { context, result, updates, round } = HONEST;
  const index = LEAVES.findIndex(({ weight }) => weight > 0);
  const published = updates.map((update, i) =>
    i === index ? { ...update, leaf: { ...update.leaf, weight: 0, reason: 4 } } : update,
  );
  const finding = findWrongReason(
    published.map(({ leaf }) => leaf),
    result.leaves,
  );
  assert.equal(finding?.kind, "not-provable");
  assert.match(
    finding?.text ?? "",
    new RegExp(`^leaf ${index} of .* refused as norm-exceeded; its payload is counted`),
  );
  const step = await committedStep(context, published, round.payload);
  assert.ok(step);
  assert.notDeepEqual(step.roots.next, COMMITTED.nextRoot);
  const wrong = step.next.slice();
  wrong[77] = (wrong[77] ?? 0) + 1;
  assert.equal(findVectorDifference(wrong, step.next)?.parameter, 77);
});

test("a leaf that counts a payload which does not decode gives no step", async () => {
  const { context, updates, round } = HONEST;
  const published = updates.map((update) => ({
    ...update,
    leaf: { ...update.leaf, reason: 0, weight: 5 },
  }));
  assert.equal(await committedStep(context, published, round.payload), null);
});

test("wrong pay is named by the member that lost, or by the sum", () => {
  const [first, ...rest] = PAY.published;
  assert.ok(first);
  const before = PAY.earned[0];
  assert.ok(before);
  const find = (published: readonly RewardLeaf[], committed = committedRewards(published)) =>
    outcome(findWrongPay({ ...PAY, published }, committed));
  const less = PAY.published.map((leaf) =>
    toHex(leaf.member) === toHex(before.member)
      ? { ...leaf, cumulative: before.cumulative - 1n }
      : leaf,
  );
  assert.partialDeepStrictEqual(find(less), { kind: "shortfall", member: toBase58(before.member) });
  const dropped = PAY.published.filter((leaf) => toHex(leaf.member) !== toHex(before.member));
  assert.partialDeepStrictEqual(find(dropped), {
    kind: "shortfall",
    member: toBase58(before.member),
  });
  const shy = { ...COMMITTED, cumulativeRewards: COMMITTED.cumulativeRewards - 1n };
  assert.partialDeepStrictEqual(find(PAY.published, shy), { kind: "overpay" });
  assert.partialDeepStrictEqual(find([...rest, first]), { kind: "overpay" });
  assert.partialDeepStrictEqual(find(PAY.published, { ...COMMITTED, rewardCount: 9 }), {
    kind: "overpay",
  });
  const more = PAY.published.map((leaf, i) =>
    i === 0 ? { ...leaf, cumulative: leaf.cumulative + 1n } : leaf,
  );
  assert.partialDeepStrictEqual(find(more), { kind: "not-provable" });
  assert.partialDeepStrictEqual(find(more, COMMITTED), {
    kind: "withheld",
    blob: "rewards leaves",
  });
});
