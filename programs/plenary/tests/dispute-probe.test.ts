import assert from "node:assert/strict";
import { test } from "node:test";
import { disputeAnswer, disputeProbe, PROGRAM_ID } from "@plenary/chain";
import { chunkCount, chunkLeaves, differingLeaves, equalBytes } from "@plenary/protocol";
import fc from "fast-check";
import { FEDAVG, fedavgm } from "../../../testing/index.ts";
import { type Commitment, DisputedRound, disputable } from "../testing/disputed-round.ts";
import { chunkProof, endOf, type OpenDispute, REJECTED, UPHELD } from "../testing/open-dispute.ts";
import type { RoundPlan } from "../testing/round-plan.ts";
import { digest } from "../testing/test-chain.ts";

type Result = "next" | "nextState";

function planOf(parameters: number): RoundPlan {
  const base = Int32Array.from({ length: parameters }, (_, j) => (j % 90) * 1_003);
  const update = { member: digest("member"), delta: base.map((value) => value >> 3), weight: 5 };
  return {
    rules: fedavgm(30_000),
    base,
    state: base.map((value) => value >> 1),
    updates: [update],
  };
}

function committed(plan: RoundPlan, commitment: Commitment = {}): DisputedRound {
  return new DisputedRound(disputable(plan), plan, commitment);
}

const challenged = (round: DisputedRound) => round.challenge({ kind: "chunk", index: 0 });

function probe({ address, challenger }: OpenDispute, index: number, vector: Result = "next") {
  return disputeProbe(PROGRAM_ID, {
    dispute: address,
    challenger: challenger.publicKey,
    vector,
    index,
  });
}

/** Answers with the probed chunk. */
function answer(dispute: OpenDispute, vector: Result = "next"): void {
  const { scenario, vectors } = dispute.round;
  const chunk = chunkProof(vectors[vector], dispute.state.index);
  const instructions = disputeAnswer(PROGRAM_ID, { dispute: dispute.address, answer: { chunk } });
  scenario.run("dispute_answer", instructions, [scenario.stranger]);
}

function ask(dispute: OpenDispute, index: number, vector: Result = "next"): void {
  dispute.step("dispute_probe", probe(dispute, index, vector));
  answer(dispute, vector);
}

/**
 * Searches for a chunk in which the aggregator's result differs from `right`; returns the number of
 * probes.
 */
function search(dispute: OpenDispute, vector: Result, right: Int32Array): number {
  const leaves = chunkLeaves(right);
  for (let probes = 1, index = 0; ; probes++) {
    ask(dispute, index, vector);
    const shown = chunkProof(dispute.round.vectors[vector], index);
    if (
      !equalBytes(
        Buffer.from(shown.values.buffer),
        Buffer.from(chunkProof(right, index).values.buffer),
      )
    )
      return probes;
    const elsewhere = differingLeaves(leaves, index, shown.path);
    assert.ok(elsewhere);
    index = elsewhere.from;
  }
}

test("a wrong chunk of an unpublished result is found in as many probes as the tree has levels", () => {
  const wrong = fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3000 }),
      wrong,
      fc.constantFrom<Result>("next", "nextState"),
      (parameters, places, vector) => {
        const plan = planOf(parameters);
        const right = committed(plan).vectors[vector];
        const round = committed(plan, {
          [vector]: (values: Int32Array) => {
            for (const place of places) values[place % parameters]! ^= 1;
          },
        });
        fc.pre(!equalBytes(Buffer.from(right.buffer), Buffer.from(round.vectors[vector].buffer)));
        const dispute = challenged(round);
        const probes = search(dispute, vector, right);
        assert.ok(probes <= 1 + Math.ceil(Math.log2(chunkCount(parameters))));
        dispute.feedAll();
        assert.deepEqual(endOf(dispute), [UPHELD, "wrong-chunk"]);
      },
    ),
    { numRuns: 25 },
  );
});

test("a right result withstands a dispute, whatever is probed before", () => {
  const dispute = challenged(committed(planOf(1000)));
  for (const index of [15, 3, 3, 0]) {
    if (dispute.state.index !== index || !dispute.state.received.includes("next"))
      ask(dispute, index);
    if (index === 3 && !dispute.state.received.includes("nextState"))
      ask(dispute, index, "nextState");
  }
  assert.deepEqual([dispute.state.index, dispute.state.received], [0, ["next"]]);
  dispute.feedAll();
  assert.deepEqual(endOf(dispute), [REJECTED, "none"]);
});

test("evidence for one chunk does not count for another", () => {
  const dispute = challenged(committed(planOf(1000)));
  dispute.feedVector("base");
  dispute.feedVector("next");
  ask(dispute, 7);
  assert.deepEqual(dispute.state.received, ["next"]);
});

test("an aggregator that shows no chunk of its result loses", () => {
  const dispute = challenged(committed(planOf(1000)));
  const { scenario } = dispute.round;
  dispute.step("dispute_probe", probe(dispute, 4));
  const { demandDeadline, expiresAt } = dispute.state;
  dispute.refuse("DemandPending", probe(dispute, 5));
  scenario.chain.now = demandDeadline + 1n;
  assert.ok(scenario.chain.now < expiresAt);
  assert.deepEqual(endOf(dispute), [UPHELD, "demand-unanswered"]);
});

test("a chunk of another position or vector is refused as an answer", () => {
  const dispute = challenged(committed(planOf(1000)));
  const { scenario, vectors } = dispute.round;
  dispute.step("dispute_probe", probe(dispute, 4));
  for (const chunk of [chunkProof(vectors.next, 5), chunkProof(vectors.nextState, 4)]) {
    const instructions = disputeAnswer(PROGRAM_ID, { dispute: dispute.address, answer: { chunk } });
    scenario.refuse("BadProof", instructions, [scenario.stranger]);
  }
  answer(dispute);
});

test("only results can be probed: inside the tree, before the first leaf, and a limited number of times", () => {
  const plan = planOf(130);
  const dispute = challenged(committed(plan));
  dispute.refuse("NoSuchChunk", probe(dispute, 3));
  dispute.refuse("ChunkNotExpected", probe(dispute, 1, "base" as Result));
  for (let i = 0; i < 42; i++) ask(dispute, i % 3);
  dispute.refuse("ChunkNotExpected", probe(dispute, 2));
  dispute.refuse("TooManyProbes", probe(dispute, 0));
  dispute.feedLeaf(0);
  dispute.refuse("ChunkFixed", probe(dispute, 0));

  const plain = { ...plan, rules: FEDAVG, state: new Int32Array() };
  const stateless = challenged(committed(plain));
  stateless.refuse("ChunkNotExpected", probe(stateless, 0, "nextState"));
  const { scenario } = stateless.round;
  stateless.refuse(
    "NotChallenger",
    disputeProbe(PROGRAM_ID, {
      dispute: stateless.address,
      challenger: scenario.stranger.publicKey,
      vector: "next",
      index: 0,
    }),
    scenario.stranger,
  );
});

test("a probe prolongs a dispute by one step and the time until the answer", () => {
  const dispute = challenged(committed(planOf(1000)));
  const { expiresAt } = dispute.state;
  dispute.step("dispute_probe", probe(dispute, 4));
  dispute.round.scenario.chain.now += 7n;
  answer(dispute);
  assert.equal(dispute.state.expiresAt, expiresAt + 10n + 7n);
});
