import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { disputeEnvelope, memberRotateKey, PROGRAM_ID, type SignedMessage } from "@plenary/chain";
import type { UpdateLeaf } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { DisputedRound } from "../testing/disputed-round.ts";
import { endOf, type OpenDispute, REJECTED, UPHELD } from "../testing/open-dispute.ts";
import { envelopeOf, signed } from "../testing/signed.ts";
import { BASE, signingFederation } from "../testing/signing-federation.ts";
import { digest, keypairOf } from "../testing/test-chain.ts";

describe("an invented update", () => {
  function showing(
    round: DisputedRound,
    dispute: OpenDispute,
    leaf: UpdateLeaf,
    envelope: SignedMessage,
  ) {
    const { federation } = round.scenario;
    return disputeEnvelope(PROGRAM_ID, {
      federation,
      number: round.number,
      dispute: dispute.address,
      leaf,
      envelope,
    });
  }

  test("an aggregator that shows each envelope keeps its bond", () => {
    const { scenario, owners, plan } = signingFederation(3);
    const round = new DisputedRound(scenario, plan);
    for (const [i, owner] of owners.entries()) {
      const member = scenario.memberAddress(owner).toBytes();
      const index = round.leaves.findIndex((leaf) => Buffer.compare(leaf.member, member) === 0);
      const proof = round.leafProof(index);
      const dispute = round.challenge({ kind: "envelope", proof });
      dispute.refuse("DisputeUndecided", dispute.resolveInstruction());
      const message = plan.updates[i]?.envelope?.(round.number) ?? new Uint8Array();
      const envelope = signed(message, scenario.updateKey(owner));
      scenario.run("dispute_envelope", showing(round, dispute, proof.leaf, envelope), [
        scenario.stranger,
      ]);
      assert.deepEqual(endOf(dispute), [REJECTED, "none"]);
    }
  });

  test("a rotated key still counts for the rounds that it signed", () => {
    const { scenario, owners, plan } = signingFederation(1);
    const [owner] = owners;
    assert.ok(owner);
    const round = new DisputedRound(scenario, plan);
    const { federation } = scenario;
    const updateKey = keypairOf("rotated").publicKey;
    scenario.run(
      "member_rotate_key",
      memberRotateKey(PROGRAM_ID, { federation, owner: owner.publicKey, updateKey }),
      [owner],
    );
    const proof = round.leafProof(0);
    const dispute = round.challenge({ kind: "envelope", proof });
    const message = plan.updates[0]?.envelope?.(round.number) ?? new Uint8Array();
    const rotated = showing(round, dispute, proof.leaf, signed(message, keypairOf("rotated")));
    dispute.refuse("WrongSigner", rotated);
    const envelope = signed(message, scenario.updateKey(owner));
    scenario.run("dispute_envelope", showing(round, dispute, proof.leaf, envelope), [
      scenario.stranger,
    ]);
    assert.deepEqual(endOf(dispute), [REJECTED, "none"]);
  });

  test("another key, message or leaf, a missing signature and a late answer are refused", () => {
    const { scenario, owners, plan } = signingFederation(2);
    const [owner, other] = owners;
    assert.ok(owner && other);
    const round = new DisputedRound(scenario, plan);
    const member = scenario.memberAddress(owner).toBytes();
    const index = round.leaves.findIndex((leaf) => Buffer.compare(leaf.member, member) === 0);
    const proof = round.leafProof(index);
    const dispute = round.challenge({ kind: "envelope", proof });
    const message = plan.updates[0]?.envelope?.(round.number) ?? new Uint8Array();
    const show = (bytes: Uint8Array, key: Keypair, leaf = proof.leaf) =>
      showing(round, dispute, leaf, signed(bytes, key));
    const key = scenario.updateKey(owner);
    dispute.refuse("WrongSigner", show(message, scenario.updateKey(other)));
    dispute.refuse("MessageMismatch", show(message, key, round.leafProof(1 - index).leaf));
    dispute.refuse("MessageMismatch", show(message, key, { ...proof.leaf, weight: 3 }));
    for (const change of [
      { round: 2n },
      { sequence: 8n },
      { baseRoot: digest("other") },
      { weight: 5 },
    ]) {
      const update = plan.updates[0];
      assert.ok(update);
      dispute.refuse(
        "MessageMismatch",
        show(envelopeOf(scenario, owner, BASE, update, round.number, change), key),
      );
    }
    dispute.refuse("MessageMalformed", show(message.slice(1), key));
    const [, alone] = show(message, key);
    assert.ok(alone);
    dispute.refuse("SignatureInstructionMissing", [alone]);
    scenario.chain.now = dispute.state.demandDeadline + 1n;
    dispute.refuse("AnswerTooLate", show(message, key));
    assert.deepEqual(endOf(dispute), [UPHELD, "demand-unanswered"]);
  });

  test("no envelope fits a leaf whose weight the member did not sign", () => {
    const { scenario, owners, plan } = signingFederation(1);
    const [owner] = owners;
    assert.ok(owner);
    const round = new DisputedRound(scenario, plan, {
      leaves: (leaves) => Object.assign(leaves[0] ?? {}, { weight: 9 }),
      result: { totalWeight: 9 },
    });
    const proof = round.leafProof(0);
    const dispute = round.challenge({ kind: "envelope", proof });
    const message = plan.updates[0]?.envelope?.(round.number) ?? new Uint8Array();
    dispute.refuse(
      "MessageMismatch",
      showing(round, dispute, proof.leaf, signed(message, scenario.updateKey(owner))),
    );
    scenario.chain.now = dispute.state.demandDeadline + 1n;
    assert.deepEqual(endOf(dispute), [UPHELD, "demand-unanswered"]);
  });

  test("only an envelope of a leaf in the tree can be demanded", () => {
    const { scenario, plan } = signingFederation(2);
    const round = new DisputedRound(scenario, plan);
    const { index, leaf, path } = round.leafProof(0);
    const challenger = scenario.challenger();
    for (const proof of [
      { index: 1, leaf, path },
      { index, leaf: { ...leaf, sequence: 8n }, path },
      { index, leaf, path: [] },
    ])
      scenario.refuse("BadProof", round.openInstruction(challenger, { kind: "envelope", proof }), [
        challenger,
      ]);
  });
});
