import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { disputeNarrow, PROGRAM_ID, type SignedMessage } from "@plenary/chain";
import type { LeafProof, UpdateLeaf } from "@plenary/protocol";
import { DisputedRound } from "../testing/disputed-round.ts";
import { endOf, type OpenDispute, REJECTED, UPHELD } from "../testing/open-dispute.ts";
import { envelopeOf, receiptOf, signed } from "../testing/signed.ts";
import { BASE, signingFederation } from "../testing/signing-federation.ts";
import { digest } from "../testing/test-chain.ts";

describe("an omitted update", () => {
  const narrow = (dispute: OpenDispute, { index, leaf, path }: LeafProof<UpdateLeaf>) =>
    disputeNarrow(PROGRAM_ID, {
      dispute: dispute.address,
      challenger: dispute.challenger.publicKey,
      index,
      leaf: { tree: "updates", leaf },
      path,
    });

  for (const size of [1, 2, 3, 5, 8])
    for (const place of ["first", "middle", "last"] as const)
      test(`the ${place} of ${size + 1} members is proven to be left out by its neighbours`, () => {
        const { scenario, owners, plan } = signingFederation(size + 1);
        const ordered = owners
          .map((owner, i) => ({ owner, update: plan.updates[i] }))
          .sort((a, b) =>
            Buffer.compare(
              scenario.memberAddress(a.owner).toBytes(),
              scenario.memberAddress(b.owner).toBytes(),
            ),
          );
        const position = { first: 0, middle: size >> 1, last: size }[place];
        const omitted = ordered[position];
        assert.ok(omitted?.update);
        const { owner, update } = omitted;
        const rest = { ...plan, updates: plan.updates.filter((other) => other !== update) };
        const round = new DisputedRound(scenario, rest);
        const envelope = update.envelope?.(round.number) ?? new Uint8Array();
        const receipt = receiptOf(scenario, owner, round.number, { sequence: 7n, envelope });
        const dispute = round.challenge({ kind: "omission", receipt });
        if (position > 0)
          dispute.step("dispute_narrow", narrow(dispute, round.leafProof(position - 1)));
        if (position > 0 && position < size)
          dispute.refuse("DisputeUndecided", dispute.resolveInstruction());
        if (position < size)
          dispute.step("dispute_narrow", narrow(dispute, round.leafProof(position)));
        assert.deepEqual(endOf(dispute), [UPHELD, "member-omitted"]);
      });

  test("a member whose leaf is there proves nothing and loses its deposit", () => {
    const { scenario, owners, plan } = signingFederation(3);
    const [owner] = owners;
    const [update] = plan.updates;
    assert.ok(owner && update);
    const round = new DisputedRound(scenario, plan);
    const envelope = update.envelope?.(round.number) ?? new Uint8Array();
    const receipt = receiptOf(scenario, owner, round.number, { sequence: 7n, envelope });
    const dispute = round.challenge({ kind: "omission", receipt });
    for (const index of [0, 1, 2]) {
      const proof = round.leafProof(index);
      const own = Buffer.compare(proof.leaf.member, scenario.memberAddress(owner).toBytes()) === 0;
      if (own) dispute.refuse("LeafAgrees", narrow(dispute, proof));
      else dispute.step("dispute_narrow", narrow(dispute, proof));
      dispute.refuse("BadProof", narrow(dispute, { ...proof, index: (index + 1) % 3 }));
    }
    assert.equal(dispute.state.high - dispute.state.low, 1);
    scenario.chain.now = dispute.state.expiresAt + 1n;
    assert.deepEqual(endOf(dispute), [REJECTED, "none"]);
  });

  test("a leaf with an earlier sequence or with another envelope is an omission, too", () => {
    for (const sequence of [8n, 7n]) {
      const { scenario, owners, plan } = signingFederation(2);
      const [owner] = owners;
      const [update] = plan.updates;
      assert.ok(owner && update);
      const round = new DisputedRound(scenario, plan);
      const envelope = envelopeOf(scenario, owner, BASE, { ...update, weight: 1 }, round.number, {
        sequence,
      });
      const receipt = receiptOf(scenario, owner, round.number, { sequence, envelope });
      const dispute = round.challenge({ kind: "omission", receipt });
      const member = scenario.memberAddress(owner).toBytes();
      const index = round.leaves.findIndex((leaf) => Buffer.compare(leaf.member, member) === 0);
      dispute.step("dispute_narrow", narrow(dispute, round.leafProof(index)));
      assert.deepEqual(endOf(dispute), [UPHELD, "member-omitted"]);
    }
  });

  test("only the aggregator's receipt for this round opens a dispute", () => {
    const { scenario, owners, plan } = signingFederation(2);
    const [owner] = owners;
    assert.ok(owner);
    const round = new DisputedRound(scenario, plan);
    const challenger = scenario.challenger();
    const { number } = round;
    const given = { sequence: 9n, envelope: digest("e") };
    const open = (receipt: SignedMessage) =>
      round.openInstruction(challenger, { kind: "omission", receipt });
    for (const change of [
      { round: number + 1n },
      { federation: digest("another federation") },
      { programId: digest("another program") },
    ])
      scenario.refuse("MessageMismatch", open(receiptOf(scenario, owner, number, given, change)), [
        challenger,
      ]);
    const { message } = receiptOf(scenario, owner, number, given);
    scenario.refuse("WrongSigner", open(signed(message, challenger)), [challenger]);
    scenario.refuse("MessageMalformed", open(signed(message.slice(0, -1), scenario.aggregator)), [
      challenger,
    ]);
    const forged = { ...signed(message, challenger), key: scenario.aggregator.publicKey.toBytes() };
    const refused = scenario.chain.send(open(forged), [challenger]);
    assert.notEqual(refused.error, null);
    const [, alone] = open(receiptOf(scenario, owner, number, given));
    assert.ok(alone);
    scenario.refuse("SignatureInstructionMissing", [alone], [challenger]);
  });
});
