import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type DisputedVector,
  disputeLeaf,
  PROGRAM_ID,
  roundFinalize,
  roundVoid,
} from "@plenary/chain";
import { encodeUpdateLeaf, leafHash, type UpdateLeaf } from "@plenary/protocol";
import {
  chunkProof,
  DisputedRound,
  disputable,
  endOf,
  MOOT,
  OpenDispute,
  type PlannedUpdate,
  plannedLeaf,
  REJECTED,
  type RoundPlan,
  UPHELD,
} from "./disputed-round.ts";
import { FEDAVG, fedavgm } from "./rules.ts";
import { digest } from "./test-chain.ts";

/** 150 parameters are three chunks, of which the last is padded. */
const PARAMETERS = 150;

function vector(seed: number, scale: number): Int32Array {
  return Int32Array.from({ length: PARAMETERS }, (_, j) =>
    Math.round(Math.sin(seed * 7919 + j * 104_729) * scale),
  );
}

function updates(count: number): PlannedUpdate[] {
  return Array.from({ length: count }, (_, i) => ({
    member: digest(`member ${i}`),
    delta: vector(i + 1, 2 ** 26),
    weight: i % 4 === 3 ? 0 : 1 + i * 17,
  }));
}

const averaged = (count = 5): RoundPlan => ({
  rules: FEDAVG,
  base: vector(100, 2 ** 30),
  state: new Int32Array(),
  updates: updates(count),
});
const withMomentum = (count = 5): RoundPlan => ({
  ...averaged(count),
  rules: fedavgm(58_982),
  state: vector(200, 2 ** 30),
});
const plans = { fedavg: averaged, fedavgm: withMomentum };

const alter = (at: number) => (values: Int32Array) => {
  values[at] = (values[at] ?? 0) + 1;
};

describe("disputes about a chunk", () => {
  for (const [name, plan] of Object.entries(plans))
    for (const count of [1, 2, 3, 4, 5, 7, 8])
      test(`an honest ${name} round of ${count} updates holds, chunk by chunk, and the deposit joins the bond`, () => {
        const scenario = disputable(plan(count));
        const round = new DisputedRound(scenario, plan(count));
        const before = scenario.state().bond;
        for (const index of [0, 1, 2]) {
          const dispute = round.challenge({ kind: "chunk", index });
          dispute.feedAll();
          assert.equal(dispute.resolve().verdict, REJECTED);
        }
        assert.equal(scenario.state().bond, before + 3n * 31n);
        assert.equal(scenario.round(round.number).openDisputes, 0);
        assert.equal(scenario.round(round.number).status, "committed");
      });

  for (const [name, plan] of Object.entries(plans))
    test(`one altered integer of the next model costs the bond (${name})`, () => {
      const scenario = disputable(plan());
      const round = new DisputedRound(scenario, plan(), { next: alter(70) });
      const { challenger } = round.challenge({ kind: "chunk", index: 0 });
      const tokens = () => scenario.chain.tokens(scenario.tokenAccount(challenger));
      const before = tokens();
      const vault = scenario.chain.tokens(scenario.state().vault);
      const dispute = round.challenge({ kind: "chunk", index: 1 }, challenger);
      dispute.feedAll();
      assert.deepEqual(endOf(dispute), [UPHELD, "wrong-chunk"]);
      // half of 600 and the deposit back; the other half is the vault's
      assert.equal(tokens(), before + 300n);
      assert.equal(scenario.chain.tokens(scenario.state().vault), vault + 300n);
      assert.equal(scenario.round(round.number).status, "void");
      assert.deepEqual(scenario.state().lastModelRoot, scenario.round(round.number).baseRoot);
      assert.equal(scenario.state().bond, 0n);
    });

  test("one altered integer of the server's next state costs the bond", () => {
    const scenario = disputable(withMomentum());
    const round = new DisputedRound(scenario, withMomentum(), { nextState: alter(149) });
    const dispute = round.challenge({ kind: "chunk", index: 2 });
    dispute.feedAll();
    assert.deepEqual(endOf(dispute), [UPHELD, "wrong-chunk"]);
  });

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
    "a refused update that weighs something": [
      "reason-mismatch",
      (leaves) => Object.assign(leaves.find(({ weight }) => weight > 0)!, { reason: 2 }),
    ],
    "a counted update without weight": [
      "reason-mismatch",
      (leaves) => Object.assign(leaves.find(({ weight }) => weight > 0)!, { weight: 0 }),
    ],
    "a reason that does not exist": [
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

  test("a leaf of a version that does not exist decides against the aggregator", () => {
    const plan = averaged(1);
    const [update] = plan.updates;
    assert.ok(update);
    const bytes = encodeUpdateLeaf(plannedLeaf(update)).with(0, 2);
    // the root of a tree with one leaf is that leaf's hash
    const round = new DisputedRound(disputable(plan), plan, {
      result: { updatesRoot: leafHash(bytes) },
    });
    const dispute = round.challenge({ kind: "chunk", index: 0 });
    const [fold] = dispute.leafInstruction(plannedLeaf(update));
    assert.ok(fold);
    // the leaf's version comes first after the instruction's eight-byte name
    fold.data[8] = 2;
    dispute.step("dispute_leaf", [fold]);
    assert.deepEqual(endOf(dispute), [UPHELD, "leaf-version"]);
  });

  test("padding that is not zero decides against the aggregator", () => {
    const plan = averaged(1);
    const [update] = plan.updates;
    assert.ok(update);
    // A delta that goes on to the end of the last chunk has the same number of chunks.
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

  test("a leaf goes together with its chunk where there is room", () => {
    const plan = averaged(4);
    const round = new DisputedRound(disputable(plan), plan);
    const dispute = round.challenge({ kind: "chunk", index: 1 });
    for (const [i, leaf] of round.leaves.entries()) {
      const chunk = leaf.weight > 0 ? dispute.deltaChunk(i) : undefined;
      const { address, challenger } = dispute;
      dispute.step(
        "dispute_leaf",
        disputeLeaf(PROGRAM_ID, {
          dispute: address,
          challenger: challenger.publicKey,
          leaf,
          chunk,
        }),
      );
    }
    dispute.feedVector("next");
    dispute.feedVector("base");
    assert.equal(dispute.resolve().verdict, REJECTED);
  });

  test("what does not belong is refused, and nothing is lost", () => {
    const plan = averaged(5);
    const scenario = disputable(plan);
    const round = new DisputedRound(scenario, plan);
    const [first, second] = round.leaves;
    assert.ok(first && second);
    const dispute = round.challenge({ kind: "chunk", index: 1 });
    const again = round.openInstruction(dispute.challenger, { kind: "chunk", index: 1 });
    assert.notEqual(scenario.chain.send(again, [dispute.challenger]).error, null);
    const stranger = new OpenDispute(round, dispute.address, scenario.stranger);
    stranger.refuse("NotChallenger", stranger.leafInstruction(first));
    dispute.refuse("ChunkNotExpected", dispute.chunkInstruction("delta", dispute.deltaChunk(0)));
    dispute.refuse(
      "ChunkNotExpected",
      dispute.chunkInstruction("baseState", dispute.deltaChunk(0)),
    );
    dispute.refuse("DisputeUndecided", dispute.resolveInstruction());
    dispute.step("dispute_leaf", dispute.leafInstruction(first));
    const refused = dispute.leafInstruction(second);
    if (first.weight > 0) dispute.refuse("LeafNotExpected", refused);
    const chunk = dispute.deltaChunk(0);
    const altered = { ...chunk, values: chunk.values.with(3, 9) };
    dispute.refuse("BadProof", dispute.chunkInstruction("delta", altered));
    dispute.refuse("BadProof", dispute.chunkInstruction("delta", chunkProof(round.delta(0), 0)));
    dispute.refuse(
      "BadProof",
      dispute.chunkInstruction("delta", { ...chunk, path: chunk.path.slice(1) }),
    );
    dispute.refuse(
      "BadProof",
      dispute.chunkInstruction("delta", { ...chunk, path: [...chunk.path, digest("x")] }),
    );
    dispute.refuse("BadProof", dispute.chunkInstruction("base", chunkProof(round.vectors.next, 1)));
    dispute.step("dispute_chunk", dispute.chunkInstruction("delta", chunk));
    for (let i = 1; i + 1 < round.leaves.length; i++) dispute.feedLeaf(i);
    const last = round.leaves.at(-1);
    assert.ok(last);
    dispute.refuse("BadProof", dispute.leafInstruction({ ...last, sequence: 2n }));
    dispute.feedAll();
    dispute.refuse("LeafNotExpected", dispute.leafInstruction(last));
    for (const vector of ["base", "next"] satisfies DisputedVector[])
      dispute.refuse(
        "ChunkNotExpected",
        dispute.chunkInstruction(vector, chunkProof(round.vectors[vector], 1)),
      );
    assert.equal(dispute.resolve().verdict, REJECTED);
  });

  test("a leaf that was made up cannot be finished: the deposit is lost when the time is over", () => {
    const plan = averaged(3);
    const scenario = disputable(plan);
    const round = new DisputedRound(scenario, plan);
    const dispute = round.challenge({ kind: "chunk", index: 0 });
    const [first] = round.leaves;
    assert.ok(first);
    dispute.step("dispute_leaf", dispute.leafInstruction({ ...first, weight: 200_001 }));
    assert.equal(dispute.state.fault, "weight-above-limit");
    dispute.feedLeaf(1);
    const last = round.leaves.at(-1);
    assert.ok(last);
    dispute.refuse("BadProof", dispute.leafInstruction(last));
    scenario.chain.now = dispute.state.expiresAt;
    dispute.refuse("DisputeUndecided", dispute.resolveInstruction());
    scenario.chain.now += 1n;
    dispute.refuse("DisputeExpired", dispute.leafInstruction(last));
    assert.equal(dispute.resolve().verdict, REJECTED);
    assert.equal(scenario.state().bond, 600n + 31n);
  });

  test("a dispute opens inside the window of a committed round alone, and keeps it from becoming final", () => {
    const plan = averaged(2);
    const scenario = disputable(plan);
    const round = new DisputedRound(scenario, plan);
    const { federation, stranger } = scenario;
    const finalize = roundFinalize(PROGRAM_ID, { federation, number: round.number });
    const challenger = scenario.challenger();
    for (const index of [3, 2 ** 32 - 1])
      scenario.refuse("NoSuchChunk", round.openInstruction(challenger, { kind: "chunk", index }), [
        challenger,
      ]);
    scenario.chain.now += 3599n;
    const dispute = round.challenge({ kind: "chunk", index: 0 }, challenger);
    scenario.chain.now += 1n;
    const late = round.openInstruction(challenger, { kind: "chunk", index: 1 });
    scenario.refuse("ChallengeWindowOver", late, [challenger]);
    scenario.refuse("DisputeOpen", finalize, [stranger]);
    dispute.feedAll();
    dispute.resolve();
    scenario.run("round_finalize", finalize, [stranger]);
    scenario.refuse("RoundSettled", late, [challenger]);
  });

  test("a round falls with all that build on it; other disputes get their deposits back, and a new round opens", () => {
    const plan = averaged(2);
    const scenario = disputable(plan);
    const wrong = new DisputedRound(scenario, plan, { next: alter(0) });
    const { federation, stranger } = scenario;
    const second = scenario.open();
    const built = scenario.result(second, [], { nextRoot: digest("built on it") });
    scenario.run("round_commit", scenario.commitInstruction(second, built), [scenario.aggregator]);
    const third = scenario.open();
    const [one, other] = [scenario.challenger("one"), scenario.challenger("other")];
    const winner = wrong.challenge({ kind: "chunk", index: 0 }, one);
    const idle = wrong.challenge({ kind: "chunk", index: 1 }, other);
    winner.feedAll();
    winner.resolve();
    assert.deepEqual(scenario.state().pending, []);
    assert.equal(scenario.state().openRound, 0n);
    const before = scenario.chain.tokens(scenario.tokenAccount(other));
    assert.equal(idle.resolve().verdict, MOOT);
    assert.equal(scenario.chain.tokens(scenario.tokenAccount(other)), before + 31n);
    for (const number of [second, third])
      scenario.run("round_void", roundVoid(PROGRAM_ID, { federation, number }), [stranger]);
    scenario.refuse("BondBelowMinimum", scenario.openInstruction(), [
      scenario.payer,
      scenario.aggregator,
    ]);
    scenario.bond(500n);
    const anew = new DisputedRound(scenario, plan);
    assert.equal(anew.number, 4n);
    const dispute = anew.challenge({ kind: "chunk", index: 0 }, one);
    dispute.feedAll();
    assert.equal(dispute.resolve().verdict, REJECTED);
  });

  test("the token account that is paid must be the challenger's; one that loses needs none", () => {
    const plan = averaged(1);
    const scenario = disputable(plan);
    const round = new DisputedRound(scenario, plan, { next: alter(0) });
    const dispute = round.challenge({ kind: "chunk", index: 0 });
    dispute.feedAll();
    const foreign = scenario.tokensFor(scenario.stranger, 1n);
    dispute.refuse("WrongTokenOwner", dispute.resolveInstruction(foreign), scenario.stranger);
    dispute.refuse(
      "ChallengerTokensMissing",
      dispute.resolveInstruction(PROGRAM_ID),
      scenario.stranger,
    );
    assert.equal(dispute.resolve().verdict, UPHELD);
    scenario.bond(600n);
    const honest = new DisputedRound(scenario, plan).challenge({ kind: "chunk", index: 0 });
    honest.feedAll();
    scenario.run("dispute_resolve", honest.resolveInstruction(PROGRAM_ID), [scenario.stranger]);
  });
});
