import assert from "node:assert/strict";
import { test } from "node:test";
import type { rewardClaim } from "@plenary/chain";
import { auditPath, encodeRewardLeaf, leafHash, merkleRoot } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { Scenario } from "../testing/scenario.ts";
import { digest } from "../testing/test-chain.ts";

test("only a leaf that is in the tree is paid", () => {
  const scenario = Scenario.ready();
  const [first, second, third] = [
    scenario.join("one"),
    scenario.join("two"),
    scenario.join("three"),
  ];
  const earned = scenario.earned([first, 100n], [second, 200n], [third, 300n]);
  const number = scenario.completeRound(earned);
  const refuse = (error: string, changes: Partial<Parameters<typeof rewardClaim>[1]>) =>
    scenario.refuse(error, scenario.claimInstruction(number, first, earned, changes), [
      scenario.stranger,
    ]);
  for (const cumulative of [0n, 99n, 101n, 2n ** 64n - 1n]) refuse("BadProof", { cumulative });
  for (const index of [3, 4, 2 ** 32 - 1]) refuse("BadProof", { index });
  refuse("BadProof", { path: [] });
  refuse("BadProof", { path: [digest("sibling"), digest("sibling")] });
  const right = scenario.claimInstruction(number, first, earned);
  const wrongIndex = [0, 1, 2].filter((index) => right[0]?.data.readUInt32LE(16) !== index);
  for (const index of wrongIndex) refuse("BadProof", { index });
  const longer = auditPath(
    Array.from({ length: 3 }, (_, index) => digest(`leaf ${index}`)),
    0,
  );
  refuse("BadProof", { path: [...longer, digest("one more")] });
  scenario.run("reward_claim", right, [scenario.stranger]);
  scenario.refuse("NothingToClaim", right, [scenario.stranger]);
});

test("nothing is paid before the round is final", () => {
  const scenario = Scenario.ready();
  const owner = scenario.join("one");
  const earned = scenario.earned([owner, 100n]);
  const number = scenario.open();
  scenario.refuse("RoundNotFinal", scenario.claimInstruction(number, owner, earned), [
    scenario.stranger,
  ]);
  scenario.commit(number, earned);
  scenario.refuse("RoundNotFinal", scenario.claimInstruction(number, owner, earned), [
    scenario.stranger,
  ]);
});

test("every member of trees of every size up to 17 is paid exactly once", () => {
  const scenario = Scenario.ready();
  const owners = Array.from({ length: 17 }, (_, index) => scenario.join(`member ${index}`));
  for (let size = 1; size <= owners.length; size++) {
    const amounts = owners
      .slice(0, size)
      .map((owner, index): [Keypair, bigint] => [owner, BigInt(size - index)]);
    const earned = scenario.earned(...amounts);
    const number = scenario.completeRound(earned);
    for (const [owner, amount] of amounts) {
      scenario.run("reward_claim", scenario.claimInstruction(number, owner, earned), [
        scenario.stranger,
      ]);
      assert.equal(scenario.member(owner).claimedTotal, amount);
    }
    assert.equal(scenario.state().totalClaimed, scenario.state().totalEarned);
  }
});

test("a tree that promises more than was earned cannot drain the vault", () => {
  const scenario = Scenario.ready();
  const [first, second] = [scenario.join("one"), scenario.join("two")];
  const forged = scenario.earned([first, 600n], [second, 5_000n]);
  const number = scenario.open();
  const result = scenario.result(number, forged, { cumulativeRewards: 1_000n });
  scenario.run("round_commit", scenario.commitInstruction(number, result), [scenario.aggregator]);
  scenario.chain.now += 60n;
  scenario.finalize(number);
  scenario.refuse("ClaimedAboveEarned", scenario.claimInstruction(number, second, forged), [
    scenario.stranger,
  ]);
  scenario.run("reward_claim", scenario.claimInstruction(number, first, forged), [
    scenario.stranger,
  ]);
  const vault = scenario.chain.tokens(scenario.state().vault);
  assert.equal(vault, 10_000n - 600n);
});

test("the proof is about the member's account, not about the sender", () => {
  const scenario = Scenario.ready();
  const [first, second] = [scenario.join("one"), scenario.join("two")];
  const earned = scenario.earned([first, 100n], [second, 200n]);
  const number = scenario.completeRound(earned);
  const hashes = earned
    .map(({ member, cumulative }) => ({ member: member.toBytes(), cumulative }))
    .sort((left, right) => Buffer.compare(left.member, right.member))
    .map((leaf) => leafHash(encodeRewardLeaf(leaf)));
  assert.deepEqual(scenario.round(number).rewardsRoot, merkleRoot(hashes));
  const payout = scenario.tokenAccount(first);
  const stolen = scenario.claimInstruction(number, second, earned, { payout });
  scenario.refuse("WrongPayout", stolen, [first]);
});
