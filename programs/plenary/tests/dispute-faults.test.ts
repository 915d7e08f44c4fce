import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeUpdateLeaf, leafHash, type UpdateLeaf } from "@plenary/protocol";
import { averaged } from "../testing/chunk-plans.ts";
import { DisputedRound, disputable } from "../testing/disputed-round.ts";
import { endOf, REJECTED, UPHELD } from "../testing/open-dispute.ts";
import { plannedLeaf } from "../testing/round-plan.ts";

describe("forbidden committed values", () => {
  const leafFaults: Record<string, [string, (leaves: UpdateLeaf[]) => void]> = {
    "two leaves in the wrong order": ["leaves-unsorted", (leaves) => leaves.reverse()],
    "one member with two leaves": [
      "leaves-unsorted",
      (leaves) => leaves.splice(1, 1, { ...leaves[0]! }),
    ],
    "a weight above the limit": [
      "weight-above-limit",
      (leaves) => Object.assign(leaves[0]!, { weight: 200_001 }),
    ],
    "a refused update with a weight": [
      "reason-mismatch",
      (leaves) => Object.assign(leaves.find(({ weight }) => weight > 0)!, { reason: 2 }),
    ],
    "a counted update without a weight": [
      "reason-mismatch",
      (leaves) => Object.assign(leaves.find(({ weight }) => weight > 0)!, { weight: 0 }),
    ],
    "an unknown reason code": [
      "reason-mismatch",
      (leaves) => Object.assign(leaves.find(({ weight }) => weight === 0)!, { reason: 6 }),
    ],
    "weights that do not add up": [
      "total-mismatch",
      (leaves) => Object.assign(leaves.find(({ weight }) => weight > 0)!, { weight: 1000 }),
    ],
  };
  for (const [what, [fault, leaves]] of Object.entries(leafFaults))
    test(`${what} decides against the aggregator once the root has matched`, () => {
      const scenario = disputable(averaged());
      const round = new DisputedRound(scenario, averaged(), { leaves: (all) => leaves(all) });
      const dispute = round.challenge({ kind: "chunk", index: 0 });
      for (let i = 0; i + 1 < round.leaves.length; i++) dispute.feedLeaf(i);
      dispute.refuse("DisputeUndecided", dispute.resolveInstruction());
      dispute.feedLeaf(round.leaves.length - 1);
      assert.deepEqual(endOf(dispute), [UPHELD, fault]);
    });

  test("an entry of 2^27 decides against the aggregator, one less does not", () => {
    for (const [value, verdict] of [
      [2 ** 27 - 1, REJECTED],
      [2 ** 27, UPHELD],
      [-(2 ** 27), UPHELD],
      [-(2 ** 27) + 1, REJECTED],
    ] as const) {
      const plan = averaged(2);
      const [first, second] = plan.updates;
      assert.ok(first && second);
      const altered = {
        ...plan,
        updates: [{ ...first, delta: first.delta.with(5, value) }, second],
      };
      const round = new DisputedRound(disputable(altered), altered);
      const dispute = round.challenge({ kind: "chunk", index: 0 });
      dispute.feedAll();
      assert.equal(dispute.resolve().verdict, verdict, String(value));
    }
  });

  test("a leaf of an unknown version decides against the aggregator", () => {
    const plan = averaged(1);
    const [update] = plan.updates;
    assert.ok(update);
    const bytes = encodeUpdateLeaf(plannedLeaf(update)).with(0, 2);
    // The root of a tree with one leaf is the leaf's hash.
    const round = new DisputedRound(disputable(plan), plan, {
      result: { updatesRoot: leafHash(bytes) },
    });
    const dispute = round.challenge({ kind: "chunk", index: 0 });
    const [fold] = dispute.leafInstruction(plannedLeaf(update));
    assert.ok(fold);
    // The leaf's version follows the instruction's discriminator of eight bytes.
    fold.data[8] = 2;
    dispute.step("dispute_leaf", [fold]);
    assert.deepEqual(endOf(dispute), [UPHELD, "leaf-version"]);
  });

  test("padding other than zero decides against the aggregator", () => {
    const plan = averaged(1);
    const [update] = plan.updates;
    assert.ok(update);
    // A delta up to the end of the last chunk has the same number of chunks.
    const longer = Int32Array.from(
      { length: 192 },
      (_, j) => update.delta[j] ?? (j === 180 ? 1 : 0),
    );
    const padded = { ...plan, updates: [{ ...update, delta: longer }] };
    const round = new DisputedRound(disputable(padded), padded);
    const dispute = round.challenge({ kind: "chunk", index: 2 });
    dispute.feedAll();
    assert.deepEqual(endOf(dispute), [UPHELD, "padding-not-zero"]);
  });
});
