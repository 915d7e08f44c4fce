import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DisputeAnswer,
  disputeAnswer,
  disputeDemand,
  disputedVectors,
  PROGRAM_ID,
} from "@plenary/chain";
import { auditPath, encodeRewardLeaf, leafHash } from "@plenary/protocol";
import { fedavgm } from "../../../testing/index.ts";
import { DisputedRound, disputable } from "../testing/disputed-round.ts";
import { chunkProof, endOf, type OpenDispute, REJECTED, UPHELD } from "../testing/open-dispute.ts";
import type { RoundPlan } from "../testing/round-plan.ts";
import { digest } from "../testing/test-chain.ts";

const BASE = Int32Array.from({ length: 130 }, (_, j) => (j - 60) * 1_000_003);
const PLAN: RoundPlan = {
  rules: fedavgm(30_000),
  base: BASE,
  state: BASE.map((value) => value >> 1),
  updates: [5, 0, 7].map((weight, i) => ({
    member: digest(`member ${i}`),
    delta: BASE.map((value) => value >> (4 + i)),
    weight,
  })),
};

function demand(dispute: OpenDispute, pending?: number) {
  return disputeDemand(PROGRAM_ID, {
    dispute: dispute.address,
    challenger: dispute.challenger.publicKey,
    pending: pending === undefined ? undefined : dispute.round.leafProof(pending),
  });
}

const answer = (dispute: OpenDispute, given: DisputeAnswer["answer"]) =>
  disputeAnswer(PROGRAM_ID, { dispute: dispute.address, answer: given });

function leafAnswer({ round }: OpenDispute, index: number): DisputeAnswer["answer"] {
  const { leaf, path } = round.leafProof(index);
  return { leaf: { tree: "updates", leaf }, path };
}

function send(dispute: OpenDispute, given: DisputeAnswer["answer"]): void {
  const { scenario } = dispute.round;
  scenario.run("dispute_answer", answer(dispute, given), [scenario.stranger]);
}

test("a demand prolongs a dispute by the time until the answer, not by the whole deadline", () => {
  const scenario = disputable(PLAN);
  const dispute = new DisputedRound(scenario, PLAN).challenge({ kind: "chunk", index: 1 });
  const { expiresAt } = dispute.state;
  for (const [index, seconds] of [0n, 7n].entries()) {
    dispute.step("dispute_demand", demand(dispute));
    scenario.chain.now += seconds;
    send(dispute, leafAnswer(dispute, index));
    dispute.step("dispute_chunk", dispute.chunkInstruction("delta", dispute.deltaChunk(index)));
  }
  assert.equal(dispute.state.expiresAt, expiresAt + 7n);
});

test("an aggregator that answers every demand keeps its bond and uses up no time of the challenger", () => {
  const scenario = disputable(PLAN);
  const round = new DisputedRound(scenario, PLAN);
  const dispute = round.challenge({ kind: "chunk", index: 1 });
  const { expiresAt } = dispute.state;
  let demands = 0n;
  const ask = (pending?: number) => {
    dispute.step("dispute_demand", demand(dispute, pending));
    demands += 1n;
    assert.equal(dispute.state.demandDeadline, scenario.chain.now + 3600n);
    assert.equal(dispute.state.expiresAt, expiresAt + demands * 3600n);
    dispute.refuse("DemandPending", demand(dispute, pending));
    scenario.chain.now += 3600n;
  };
  for (const [index, leaf] of round.leaves.entries()) {
    ask();
    send(dispute, leafAnswer(dispute, index));
    if (leaf.weight === 0) continue;
    ask(index);
    send(dispute, { chunk: dispute.deltaChunk(index) });
  }
  for (const vector of disputedVectors(dispute.state)) {
    ask();
    send(dispute, { chunk: chunkProof(round.vectors[vector], 1) });
  }
  dispute.refuse("NothingToDemand", demand(dispute));
  assert.equal(dispute.resolve().verdict, REJECTED);
});

test("a silent aggregator loses: for a leaf, for an update's chunk, and for a vector's chunk", () => {
  for (const fed of ["nothing", "a leaf", "all leaves"] as const) {
    const scenario = disputable(PLAN);
    const round = new DisputedRound(scenario, PLAN);
    const dispute = round.challenge({ kind: "chunk", index: 1 });
    const first = round.leaves.findIndex(({ weight }) => weight > 0);
    if (fed === "a leaf") {
      for (let i = 0; i < first; i++) dispute.feedLeaf(i);
      dispute.step("dispute_leaf", dispute.leafInstruction(round.leafProof(first).leaf));
    }
    if (fed === "all leaves") for (const index of round.leaves.keys()) dispute.feedLeaf(index);
    dispute.step("dispute_demand", demand(dispute, fed === "a leaf" ? first : undefined));
    scenario.chain.now = dispute.state.demandDeadline;
    dispute.refuse("DisputeUndecided", dispute.resolveInstruction());
    scenario.chain.now += 1n;
    dispute.refuse("AnswerTooLate", answer(dispute, leafAnswer(dispute, 0)));
    assert.deepEqual(endOf(dispute), [UPHELD, "demand-unanswered"], fed);
  }
});

test("the chunk of an update that was never committed cannot be demanded", () => {
  const round = new DisputedRound(disputable(PLAN), PLAN);
  const dispute = round.challenge({ kind: "chunk", index: 0 });
  const [first] = round.leaves;
  assert.ok(first);
  const invented = { ...first, weight: 5, reason: 0, deltaRoot: digest("nobody has this") };
  dispute.step("dispute_leaf", dispute.leafInstruction(invented));
  dispute.refuse("BadProof", demand(dispute));
  dispute.refuse("BadProof", demand(dispute, 0));
  dispute.refuse("BadProof", demand(dispute, 1));
});

test("answers need proofs, and only what was demanded is accepted", () => {
  const scenario = disputable(PLAN);
  const round = new DisputedRound(scenario, PLAN);
  const dispute = round.challenge({ kind: "chunk", index: 1 });
  dispute.refuse("NothingDemanded", answer(dispute, leafAnswer(dispute, 0)));
  dispute.step("dispute_demand", demand(dispute));
  dispute.refuse("BadProof", answer(dispute, leafAnswer(dispute, 1)));
  dispute.refuse("WrongAnswer", answer(dispute, { chunk: dispute.deltaChunk(0) }));
  const { leaf, path } = round.leafProof(0);
  dispute.refuse(
    "BadProof",
    answer(dispute, { leaf: { tree: "updates", leaf: { ...leaf, weight: 9 } }, path }),
  );
  dispute.refuse("DemandPending", dispute.leafInstruction(leaf));
  send(dispute, leafAnswer(dispute, 0));
  assert.equal(dispute.state.nextLeaf, 1);
});

test("a challenger that made a leaf up loses with the aggregator's last leaf", () => {
  const scenario = disputable(PLAN);
  const round = new DisputedRound(scenario, PLAN);
  const dispute = round.challenge({ kind: "chunk", index: 0 });
  for (const { member } of round.leaves.slice(0, -1)) {
    const [some] = round.leaves;
    assert.ok(some);
    dispute.step(
      "dispute_leaf",
      dispute.leafInstruction({ ...some, member, weight: 0, reason: 1 }),
    );
  }
  dispute.step("dispute_demand", demand(dispute));
  send(dispute, leafAnswer(dispute, round.leaves.length - 1));
  assert.equal(dispute.state.decided, "rejected");
  assert.equal(dispute.resolve().verdict, REJECTED);
});

test("the leaves of the rewards tree can be demanded, too", () => {
  const scenario = disputable(PLAN);
  const owner = scenario.join("paid member");
  const earned = scenario.earned([owner, 300n]);
  const round = new DisputedRound(scenario, PLAN, { earned });
  const [paid] = earned;
  assert.ok(paid);
  const leaf = { member: paid.member.toBytes(), cumulative: paid.cumulative };
  const path = auditPath([leafHash(encodeRewardLeaf(leaf))], 0);
  const answered = round.challenge({ kind: "total" });
  answered.step("dispute_demand", demand(answered));
  send(answered, { leaf: { tree: "rewards", leaf }, path });
  assert.equal(answered.resolve().verdict, REJECTED);
  const silent = round.challenge({ kind: "total" });
  silent.step("dispute_demand", demand(silent));
  scenario.chain.now = silent.state.demandDeadline + 1n;
  assert.equal(silent.resolve().verdict, UPHELD);
});
