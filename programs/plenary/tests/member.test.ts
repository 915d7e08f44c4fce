import assert from "node:assert/strict";
import { test } from "node:test";
import {
  authorityAccept,
  authorityPropose,
  isMemberIn,
  memberClose,
  memberExit,
  memberRotateKey,
  memberWithdraw,
  PROGRAM_ID,
  payoutUpdate,
  roundVoid,
  type SignedMessage,
  updateKeyAt,
} from "@plenary/chain";
import type { OwnerAdmission } from "@plenary/protocol";
import { ComputeBudgetProgram, type Keypair, PublicKey } from "@solana/web3.js";
import { Scenario } from "../testing/scenario.ts";
import { admissionOf, receiptOf, signed } from "../testing/signed.ts";
import { digest, keypairOf } from "../testing/test-chain.ts";

const computeLimit = ComputeBudgetProgram.setComputeUnitLimit({ units: 400_000 });

test("a member stakes at least the minimum, once", () => {
  const scenario = Scenario.ready();
  const owner = scenario.chain.actor("member one");
  scenario.tokensFor(owner, 100n);
  const refuse = (error: string, changes: Parameters<Scenario["joinInstruction"]>[1]) =>
    scenario.refuse(error, scenario.joinInstruction(owner, changes), [scenario.payer, owner]);
  refuse("StakeBelowMinimum", { stake: 49n });
  refuse("StakeBelowMinimum", { stake: 0n });
  refuse("InsufficientFunds", { stake: 101n });
  refuse("InsufficientFunds", { stake: 2n ** 64n - 1n });
  refuse("AddressMissing", { updateKey: PublicKey.default });
  const state = scenario.state();
  refuse("PayoutIsFederation", { payout: state.vault });
  refuse("PayoutIsFederation", { payout: state.escrow });
  scenario.run("member_join", scenario.joinInstruction(owner), [scenario.payer, owner]);
  refuse("AlreadyMember", {});
});

test("if members join by approval, the authority signs, too", () => {
  const scenario = Scenario.ready("first", { admission: "approved" });
  const { authority, payer, stranger } = scenario;
  const owner = scenario.chain.actor("member one");
  scenario.tokensFor(owner, 100n);
  scenario.refuse("ApprovalMissing", scenario.joinInstruction(owner), [payer, owner]);
  const byStranger = scenario.joinInstruction(owner, { authority: stranger.publicKey });
  scenario.refuse("ApprovalMissing", byStranger, [payer, owner, stranger]);
  const approved = scenario.joinInstruction(owner, { authority: authority.publicKey });
  scenario.run("member_join", approved, [payer, owner, authority]);
});

test("an admission that the authority signed lets one owner join until it expires", () => {
  const scenario = Scenario.ready("first", { admission: "approved" });
  const { aggregator, authority, chain, payer } = scenario;
  const owner = chain.actor("member one");
  scenario.tokensFor(owner, 100n);
  const join = (admission: SignedMessage) => scenario.joinInstruction(owner, { admission });
  const refuse = (error: string, changes: Partial<OwnerAdmission>, key = authority) =>
    scenario.refuse(error, join(signed(admissionOf(scenario, owner, changes), key)), [
      payer,
      owner,
    ]);
  refuse("WrongSigner", {}, owner);
  refuse("WrongSigner", {}, aggregator);
  refuse("MessageMismatch", { owner: payer.publicKey.toBytes() });
  refuse("MessageMismatch", { federation: digest("another federation") });
  refuse("MessageMismatch", { programId: digest("another program") });
  refuse("AdmissionOver", { validUntil: chain.now - 1n });
  const receipt = receiptOf(scenario, owner, 1n, { sequence: 1n, envelope: new Uint8Array(297) });
  const [verify, joining] = join(signed(receipt.message, authority));
  assert.ok(verify && joining);
  scenario.refuse("MessageMalformed", [verify, joining], [payer, owner]);
  // An admission that is verified elsewhere in the transaction does not count.
  const [right] = join(signed(admissionOf(scenario, owner), authority));
  assert.ok(right);
  scenario.refuse("ApprovalMissing", [joining, right], [payer, owner]);
  scenario.refuse("ApprovalMissing", [right, computeLimit, joining], [payer, owner]);
  const last = signed(admissionOf(scenario, owner, { validUntil: chain.now }), authority);
  const outcome = scenario.run("member_join", join(last), [payer, owner]);
  assert.ok(outcome.bytes < 1_232);
  // It lets the owner join again, too, but not after the authority has changed.
  const admission = signed(admissionOf(scenario, owner), authority);
  const { federation, stranger } = scenario;
  scenario.run("member_exit", memberExit(PROGRAM_ID, { federation, owner: owner.publicKey }), [
    owner,
  ]);
  chain.now += 100n;
  scenario.run("member_withdraw", withdraw(scenario, owner), [owner]);
  const handOver = { federation, authority: authority.publicKey, proposed: stranger.publicKey };
  scenario.run("authority_propose", authorityPropose(PROGRAM_ID, handOver), [authority]);
  const accept = authorityAccept(PROGRAM_ID, { federation, proposedAuthority: stranger.publicKey });
  scenario.run("authority_accept", accept, [stranger]);
  scenario.refuse("WrongSigner", join(admission), [payer, owner]);
  scenario.run("member_join", join(signed(admissionOf(scenario, owner), stranger)), [payer, owner]);
});

test("a key rotates from the next round on, but not twice while older rounds can be challenged", () => {
  const scenario = Scenario.ready();
  const owner = scenario.join("member one");
  const [first, second, third] = ["one", "two", "three"].map((label) => keypairOf(label).publicKey);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const original = scenario.member(owner).updateKey;
  const rotate = (updateKey: PublicKey) =>
    memberRotateKey(PROGRAM_ID, {
      federation: scenario.federation,
      owner: owner.publicKey,
      updateKey,
    });
  scenario.refuse("AddressMissing", rotate(PublicKey.default), [owner]);
  const number = scenario.open();
  scenario.run("member_rotate_key", rotate(first), [owner]);
  assert.ok(updateKeyAt(scenario.member(owner), number).equals(original));
  assert.ok(updateKeyAt(scenario.member(owner), number + 1n).equals(first));
  // Nothing was signed with the first key yet, so it can still be replaced.
  scenario.run("member_rotate_key", rotate(second), [owner]);
  assert.ok(updateKeyAt(scenario.member(owner), number).equals(original));
  assert.ok(updateKeyAt(scenario.member(owner), number + 1n).equals(second));
  scenario.commit(number);
  scenario.open();
  scenario.refuse("KeyRotatedRecently", rotate(third), [owner]);
  scenario.chain.now += 60n;
  scenario.finalize(number);
  scenario.run("member_rotate_key", rotate(third), [owner]);
  assert.ok(updateKeyAt(scenario.member(owner), number + 1n).equals(second));
});

test("a member leaves, waits, withdraws its stake, and may join again", () => {
  const scenario = Scenario.ready();
  const { federation, payer } = scenario;
  const owner = scenario.join("member one");
  const number = scenario.open();
  scenario.refuse("NotExited", withdraw(scenario, owner), [owner]);
  scenario.refuse("NotExited", close(scenario, owner), [owner]);
  const exit = memberExit(PROGRAM_ID, { federation, owner: owner.publicKey });
  scenario.run("member_exit", exit, [owner]);
  scenario.refuse("AlreadyExited", exit, [owner]);
  assert.ok(isMemberIn(scenario.member(owner), number), "the open round still counts it");
  assert.ok(!isMemberIn(scenario.member(owner), number + 1n));
  const rotate = { federation, owner: owner.publicKey, updateKey: keypairOf("new key").publicKey };
  scenario.refuse("AlreadyExited", memberRotateKey(PROGRAM_ID, rotate), [owner]);
  scenario.chain.now += 99n;
  scenario.refuse("CooldownNotOver", withdraw(scenario, owner), [owner]);
  scenario.refuse("StakeInEscrow", scenario.joinInstruction(owner), [payer, owner]);
  scenario.refuse("StakeInEscrow", close(scenario, owner), [owner]);
  scenario.chain.now += 1n;
  // The round in which it could take part can still be challenged once it is committed.
  scenario.refuse("MemberRoundsNotFinal", withdraw(scenario, owner), [owner]);
  scenario.run("round_void", roundVoid(PROGRAM_ID, { federation, number }), [payer]);
  scenario.run("member_withdraw", withdraw(scenario, owner), [owner]);
  scenario.refuse("NothingToWithdraw", withdraw(scenario, owner), [owner]);
  scenario.run("member_join", scenario.joinInstruction(owner), [payer, owner]);
  assert.equal(scenario.member(owner).joinedRound, number + 1n);
  assert.equal(scenario.state().members, 1);
});

test("even without a stake, a member cannot close or join again while its rounds can be challenged", () => {
  const scenario = Scenario.ready("first", { minimumStake: 0n });
  const { federation, payer } = scenario;
  const owner = scenario.join("member one", 0n);
  const number = scenario.open();
  scenario.commit(number);
  scenario.run("member_exit", memberExit(PROGRAM_ID, { federation, owner: owner.publicKey }), [
    owner,
  ]);
  scenario.refuse("MemberRoundsNotFinal", close(scenario, owner), [owner]);
  scenario.refuse("MemberRoundsNotFinal", scenario.joinInstruction(owner, { stake: 0n }), [
    payer,
    owner,
  ]);
  scenario.chain.now += 60n;
  scenario.finalize(number);
  scenario.run("member_close", close(scenario, owner), [owner]);
});

test("an account that was paid stays, so that nothing is paid twice to a member that joins again", () => {
  const scenario = Scenario.ready();
  const { federation, payer, stranger } = scenario;
  const owner = scenario.join("member one");
  const earned = scenario.earned([owner, 10n]);
  const number = scenario.completeRound(earned);
  scenario.run("reward_claim", scenario.claimInstruction(number, owner, earned), [stranger]);
  leave(scenario, owner);
  scenario.refuse("ClaimsRecorded", close(scenario, owner), [owner]);
  scenario.run("member_join", scenario.joinInstruction(owner), [payer, owner]);
  assert.equal(scenario.member(owner).claimedTotal, 10n);
  scenario.refuse("NothingToClaim", scenario.claimInstruction(number, owner, earned), [stranger]);
  assert.equal(scenario.state().members, 1);
  assert.ok(scenario.member(owner).federation.equals(federation));
});

test("an account that was never paid closes, returns its rent, and can be created again", () => {
  const scenario = Scenario.ready();
  const owner = scenario.join("member one");
  leave(scenario, owner);
  const before = scenario.chain.lamports(scenario.payer.publicKey);
  scenario.run("member_close", close(scenario, owner), [owner]);
  assert.ok(scenario.chain.lamports(scenario.payer.publicKey) > before);
  assert.equal(scenario.chain.data(scenario.memberAddress(owner)), null);
  scenario.run("member_join", scenario.joinInstruction(owner), [scenario.payer, owner]);
});

test("rewards go to the present payout account", () => {
  const scenario = Scenario.ready();
  const { federation, stranger } = scenario;
  const owner = scenario.join("member one");
  const earned = scenario.earned([owner, 10n]);
  const number = scenario.completeRound(earned);
  const payout = scenario.tokensFor(scenario.chain.actor("elsewhere"), 0n);
  const update = payoutUpdate(PROGRAM_ID, { federation, owner: owner.publicKey, payout });
  scenario.run("payout_update", update, [owner]);
  const vault = { federation, owner: owner.publicKey, payout: scenario.state().vault };
  scenario.refuse("PayoutIsFederation", payoutUpdate(PROGRAM_ID, vault), [owner]);
  scenario.refuse("WrongPayout", scenario.claimInstruction(number, owner, earned), [stranger]);
  scenario.run("reward_claim", scenario.claimInstruction(number, owner, earned, { payout }), [
    stranger,
  ]);
  assert.equal(scenario.chain.tokens(payout), 10n);
});

function withdraw(scenario: Scenario, owner: Keypair) {
  const { federation, mint: rewardMint } = scenario;
  const destination = scenario.tokenAccount(owner);
  return memberWithdraw(PROGRAM_ID, {
    federation,
    rewardMint,
    owner: owner.publicKey,
    destination,
  });
}

function close(scenario: Scenario, owner: Keypair) {
  const rentPayer = scenario.payer.publicKey;
  return memberClose(PROGRAM_ID, {
    federation: scenario.federation,
    owner: owner.publicKey,
    rentPayer,
  });
}

function leave(scenario: Scenario, owner: Keypair): void {
  const exit = memberExit(PROGRAM_ID, { federation: scenario.federation, owner: owner.publicKey });
  scenario.run("member_exit", exit, [owner]);
  scenario.chain.now += 100n;
  scenario.run("member_withdraw", withdraw(scenario, owner), [owner]);
}
