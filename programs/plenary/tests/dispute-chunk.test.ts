import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type DisputedVector,
  disputeLeaf,
  PROGRAM_ID,
  roundFinalize,
  roundVoid,
} from "@plenary/chain";
import { alter, averaged, plans, withMomentum } from "../testing/chunk-plans.ts";
import { DisputedRound, disputable } from "../testing/disputed-round.ts";
import { chunkProof, endOf, MOOT, OpenDispute, REJECTED, UPHELD } from "../testing/open-dispute.ts";
import { digest } from "../testing/test-chain.ts";

describe("disputes about a chunk", () => {
  for (const [name, plan] of Object.entries(plans))
    for (const count of [1, 2, 3, 4, 5, 7, 8])
      test(`an honest ${name} round of ${count} updates withstands a dispute of every chunk, and the deposits join the bond`, () => {
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
      // The challenger gets half of 600 and its deposit; the vault gets the other half.
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

  test("a leaf and its chunk fit into one transaction if the tree is small", () => {
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

  test("wrong evidence is refused and does not harm the dispute", () => {
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

  test("a dispute with a made-up leaf cannot be completed: the deposit is lost when it expires", () => {
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

  test("a dispute opens only inside a committed round's window, and keeps it from becoming final", () => {
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

  test("a void round voids all that build on it; other deposits are returned, and a new round opens", () => {
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
    const renewed = new DisputedRound(scenario, plan);
    assert.equal(renewed.number, 4n);
    const dispute = renewed.challenge({ kind: "chunk", index: 0 }, one);
    dispute.feedAll();
    assert.equal(dispute.resolve().verdict, REJECTED);
  });

  test("the paid token account must be the challenger's; a challenger that loses needs none", () => {
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
