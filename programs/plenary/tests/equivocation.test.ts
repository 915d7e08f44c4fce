import assert from "node:assert/strict";
import { test } from "node:test";
import {
  auditDraw,
  equivocationOpen,
  memberEquivocation,
  PROGRAM_ID,
  type SignedMessage,
} from "@plenary/chain";
import { type Envelope, sha256 } from "@plenary/protocol";
import type { Keypair } from "@solana/web3.js";
import { Scenario } from "../testing/scenario.ts";
import { envelopeOf, signed } from "../testing/signed.ts";
import { digest, keypairOf } from "../testing/test-chain.ts";

const DELTA = Int32Array.from({ length: 100 }, (_, j) => j);

class Report {
  readonly scenario = Scenario.ready("equivocation");
  readonly owner = this.scenario.join("double-tongued", 51n);
  readonly reporter = this.scenario.challenger("reporter");

  constructor() {
    this.scenario.open();
  }

  envelope(
    weight: number,
    changes: Partial<Envelope> = {},
    key = this.scenario.updateKey(this.owner),
  ): SignedMessage {
    return signed(
      envelopeOf(this.scenario, this.owner, DELTA, { delta: DELTA, weight }, 1n, changes),
      key,
    );
  }

  first(envelope: SignedMessage, reporter: Keypair = this.reporter) {
    const member = this.scenario.memberAddress(this.owner);
    return equivocationOpen(PROGRAM_ID, {
      member,
      reporter: reporter.publicKey,
      round: 1n,
      sequence: 7n,
      envelope,
    });
  }

  second(envelope: SignedMessage, reporter: Keypair = this.reporter) {
    const { scenario } = this;
    return memberEquivocation(PROGRAM_ID, {
      federation: scenario.federation,
      rewardMint: scenario.mint,
      tokenProgram: scenario.tokenProgram,
      member: scenario.memberAddress(this.owner),
      reporter: reporter.publicKey,
      reporterTokens: scenario.tokenAccount(reporter),
      round: 1n,
      sequence: 7n,
      envelope,
    });
  }
}

test("two envelopes with one sequence cost the stake and the membership; the reporter gets half", () => {
  const report = new Report();
  const { scenario, owner, reporter } = report;
  const tokens = () => scenario.chain.tokens(scenario.tokenAccount(reporter));
  const [before, vault] = [tokens(), scenario.chain.tokens(scenario.state().vault)];
  scenario.run("equivocation_open", report.first(report.envelope(3)), [reporter]);
  scenario.run("member_equivocation", report.second(report.envelope(4)), [reporter]);
  assert.equal(tokens(), before + 25n);
  assert.equal(scenario.chain.tokens(scenario.state().vault), vault + 26n);
  const member = scenario.member(owner);
  assert.deepEqual([member.stake, member.equivocations, member.exitRound], [0n, 1, 2n]);
  assert.deepEqual([scenario.state().stakes, scenario.state().members], [0n, 0]);
  // The same evidence finds nothing to slash the second time.
  scenario.run("equivocation_open", report.first(report.envelope(4)), [reporter]);
  scenario.refuse("NothingToSlash", report.second(report.envelope(3)), [reporter]);
});

test("a member that left and has not withdrawn is slashed, too", () => {
  const report = new Report();
  const { scenario, owner, reporter } = report;
  scenario.exit(owner);
  scenario.run("equivocation_open", report.first(report.envelope(3)), [reporter]);
  scenario.run("member_equivocation", report.second(report.envelope(4)), [reporter]);
  assert.equal(scenario.member(owner).stake, 0n);
  assert.equal(scenario.state().members, 0);
});

test("envelopes that do not contradict each other prove nothing", () => {
  const report = new Report();
  const { scenario, reporter } = report;
  const open = (envelope: SignedMessage) =>
    scenario.chain.send(report.first(envelope), [reporter]).error;
  assert.equal(open(report.envelope(3, { sequence: 8n })), "MessageMismatch");
  assert.equal(open(report.envelope(3, { round: 2n })), "MessageMismatch");
  assert.equal(open(report.envelope(3, { federation: digest("other") })), "MessageMismatch");
  assert.equal(open(report.envelope(3, { programId: digest("other") })), "MessageMismatch");
  assert.equal(open(report.envelope(3, {}, keypairOf("somebody else"))), "WrongSigner");
  assert.equal(
    open(signed(digest("no envelope"), scenario.updateKey(report.owner))),
    "MessageMalformed",
  );
  scenario.run("equivocation_open", report.first(report.envelope(3)), [reporter]);
  const refuse = (name: string, envelope: SignedMessage) =>
    scenario.refuse(name, report.second(envelope), [reporter]);
  refuse("EnvelopesAgree", report.envelope(3));
  refuse("MessageMismatch", report.envelope(4, { sequence: 8n }));
  refuse("MessageMismatch", report.envelope(4, { round: 0n }));
  refuse("MessageMismatch", report.envelope(4, { genesisHash: digest("another chain") }));
  refuse("WrongSigner", report.envelope(4, {}, keypairOf("somebody else")));
  const stranger = scenario.challenger("thief");
  assert.notEqual(
    scenario.chain.send(report.second(report.envelope(4), stranger), [stranger]).error,
    null,
  );
});

test("a signature over other bytes is refused by the chain itself", () => {
  const report = new Report();
  const { message, key } = report.envelope(3);
  const forged = { message, key, signature: report.envelope(4).signature };
  assert.notEqual(report.scenario.chain.send(report.first(forged), [report.reporter]).error, null);
});

test("audits are drawn once, while the round is open, from a slot hash and the envelopes", () => {
  const report = new Report();
  const { scenario } = report;
  const { federation, aggregator, stranger } = scenario;
  const envelopesRoot = digest("envelopes");
  const draw = (key: Keypair) =>
    auditDraw(PROGRAM_ID, { federation, aggregator: key.publicKey, number: 1n, envelopesRoot });
  scenario.refuse("NotAggregator", draw(stranger), [stranger]);
  scenario.run("audit_draw", draw(aggregator), [aggregator]);
  const round = scenario.round(1n);
  assert.equal(round.auditSlot, 41n);
  assert.deepEqual(round.auditSlotHash, sha256(digest("slot 41"), envelopesRoot));
  scenario.refuse("AuditAlreadyDrawn", draw(aggregator), [aggregator]);
  scenario.commit(1n);
  scenario.refuse("RoundNotOpen", draw(aggregator), [aggregator]);
});
