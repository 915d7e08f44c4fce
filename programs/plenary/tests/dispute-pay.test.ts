import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { disputeNarrow, disputeRewards, PROGRAM_ID } from "@plenary/chain";
import {
  auditPath,
  encodeRewardLeaf,
  type LeafProof,
  leafHash,
  merkleRoot,
  type RewardLeaf,
} from "@plenary/protocol";
import { type Commitment, DisputedRound } from "../testing/disputed-round.ts";
import { endOf, type OpenDispute, REJECTED, UPHELD } from "../testing/open-dispute.ts";
import { signingFederation } from "../testing/signing-federation.ts";

describe("wrong pay", () => {
  /** A second round, on a first one that paid `before`, with these leaves in its rewards tree. */
  function paying(
    before: readonly bigint[],
    after: readonly RewardLeaf[],
    commitment: Commitment = {},
  ) {
    const { scenario, owners, plan } = signingFederation(before.length);
    const earned = owners.map((owner, i) => ({
      member: scenario.memberAddress(owner),
      cumulative: before[i] ?? 0n,
    }));
    const first = new DisputedRound(scenario, plan, { earned });
    const second = new DisputedRound(
      scenario,
      { ...plan, base: first.vectors.next },
      {
        ...commitment,
        result: {
          rewardsRoot: merkleRoot(after.map((leaf) => leafHash(encodeRewardLeaf(leaf)))),
          rewardCount: after.length,
          cumulativeRewards: after.reduce((sum, { cumulative }) => sum + cumulative, 0n),
          ...commitment.result,
        },
      },
    );
    return {
      scenario,
      first,
      second,
      before: sorted(
        earned.map(({ member, cumulative }) => ({ member: member.toBytes(), cumulative })),
      ),
    };
  }
  const sorted = (leaves: RewardLeaf[]) =>
    leaves.sort((a, b) => Buffer.compare(a.member, b.member));
  const proofIn = (leaves: readonly RewardLeaf[], index: number): LeafProof<RewardLeaf> => {
    const leaf = leaves[index];
    assert.ok(leaf);
    return {
      index,
      leaf,
      path: auditPath(
        leaves.map((each) => leafHash(encodeRewardLeaf(each))),
        index,
      ),
    };
  };
  const narrow = (dispute: OpenDispute, { index, leaf, path }: LeafProof<RewardLeaf>) =>
    disputeNarrow(PROGRAM_ID, {
      dispute: dispute.address,
      challenger: dispute.challenger.publicKey,
      index,
      leaf: { tree: "rewards", leaf },
      path,
    });
  const members = () => {
    const { scenario, owners } = signingFederation(3);
    return sorted(
      owners.map((owner) => ({ member: scenario.memberAddress(owner).toBytes(), cumulative: 0n })),
    );
  };
  const withAmounts = (amounts: readonly (bigint | null)[]) =>
    members().flatMap(({ member }, i) => {
      const cumulative = amounts[i];
      return cumulative === null || cumulative === undefined ? [] : [{ member, cumulative }];
    });

  test("a cumulative amount that fell", () => {
    const after = withAmounts([100n, 99n, 201n]);
    const { second, before } = paying([100n, 100n, 100n], after);
    const subject = { kind: "shortfall", baseRound: 1n, proof: proofIn(before, 1) } as const;
    const dispute = second.challenge(subject);
    dispute.refuse(
      "WrongLeafKind",
      disputeNarrow(PROGRAM_ID, {
        dispute: dispute.address,
        challenger: dispute.challenger.publicKey,
        ...second.leafProof(0),
        leaf: { tree: "updates", leaf: second.leafProof(0).leaf },
      }),
    );
    dispute.step("dispute_narrow", narrow(dispute, proofIn(after, 1)));
    assert.deepEqual(endOf(dispute), [UPHELD, "reward-fell"]);
  });

  for (const [what, dropped] of [
    ["first", 0],
    ["middle", 1],
    ["last", 2],
  ] as const)
    test(`the ${what} member dropped from the rewards`, () => {
      const after = withAmounts(
        [200n, 200n, 200n].map((amount, i) => (i === dropped ? null : amount)),
      );
      const { second, before } = paying([100n, 100n, 100n], after);
      const dispute = second.challenge({
        kind: "shortfall",
        baseRound: 1n,
        proof: proofIn(before, dropped),
      });
      if (dropped > 0) dispute.step("dispute_narrow", narrow(dispute, proofIn(after, dropped - 1)));
      if (dropped < 2) dispute.step("dispute_narrow", narrow(dispute, proofIn(after, dropped)));
      assert.deepEqual(endOf(dispute), [UPHELD, "reward-fell"]);
    });

  test("a member that earned as much or more proves nothing", () => {
    const after = withAmounts([100n, 150n, 100n]);
    const { second, before, scenario } = paying([100n, 100n, 100n], after);
    const challenger = scenario.challenger();
    const invented = {
      ...proofIn(before, 0),
      leaf: { member: members()[0]?.member ?? new Uint8Array(), cumulative: 500n },
    };
    scenario.refuse(
      "BadProof",
      second.openInstruction(challenger, { kind: "shortfall", baseRound: 1n, proof: invented }),
      [challenger],
    );
    const dispute = second.challenge(
      { kind: "shortfall", baseRound: 1n, proof: proofIn(before, 1) },
      challenger,
    );
    dispute.refuse("LeafAgrees", narrow(dispute, proofIn(after, 1)));
    dispute.step("dispute_narrow", narrow(dispute, proofIn(after, 0)));
    dispute.step("dispute_narrow", narrow(dispute, proofIn(after, 2)));
    scenario.chain.now = dispute.state.expiresAt + 1n;
    assert.deepEqual(endOf(dispute), [REJECTED, "none"]);
  });

  test("the first round has no earlier rewards to fall from", () => {
    const { scenario, first, before } = paying([100n, 100n, 100n], withAmounts([100n, 100n, 100n]));
    const challenger = scenario.challenger();
    const subject = { kind: "shortfall", baseRound: 1n, proof: proofIn(before, 0) } as const;
    const refused = scenario.chain.send(first.openInstruction(challenger, subject), [challenger]);
    assert.equal(refused.error, "WrongBase");
  });

  const fold = (dispute: OpenDispute, leaves: readonly RewardLeaf[]) =>
    disputeRewards(PROGRAM_ID, {
      dispute: dispute.address,
      challenger: dispute.challenger.publicKey,
      leaves,
    });

  test("leaves that add up to more than was committed", () => {
    const after = withAmounts([600n, 700n, 500n]);
    const { second } = paying([100n, 100n, 100n], after, { result: { cumulativeRewards: 1_300n } });
    const dispute = second.challenge({ kind: "total" });
    dispute.step("dispute_rewards", fold(dispute, after.slice(0, 2)));
    dispute.step("dispute_rewards", fold(dispute, after.slice(2)));
    assert.deepEqual(endOf(dispute), [UPHELD, "total-mismatch"]);
  });

  test("leaves that add up to more than 2^64", () => {
    const after = withAmounts([2n ** 64n - 1n, 200n, 300n]);
    const { second } = paying([100n, 100n, 100n], after, { result: { cumulativeRewards: 499n } });
    const dispute = second.challenge({ kind: "total" });
    dispute.step("dispute_rewards", fold(dispute, after));
    assert.deepEqual(endOf(dispute), [UPHELD, "total-mismatch"]);
  });

  test("a member with two leaves in the tree", () => {
    const [one, two] = withAmounts([200n, 200n, 200n]);
    assert.ok(one && two);
    const after = [one, two, two];
    const { second } = paying([100n, 100n, 100n], after);
    const dispute = second.challenge({ kind: "total" });
    dispute.step("dispute_rewards", fold(dispute, after));
    assert.deepEqual(endOf(dispute), [UPHELD, "leaves-unsorted"]);
  });

  test("leaves that ascend and add up withstand a dispute", () => {
    const after = withAmounts([400n, 400n, 500n]);
    const { second } = paying([100n, 100n, 100n], after);
    const dispute = second.challenge({ kind: "total" });
    const [first] = after;
    assert.ok(first);
    dispute.refuse("BadProof", fold(dispute, [...after.slice(0, 2), first]));
    dispute.step("dispute_rewards", fold(dispute, after));
    assert.deepEqual(endOf(dispute), [REJECTED, "none"]);
  });
});
