import assert from "node:assert/strict";
import { test } from "node:test";
import {
  authorityAccept,
  authorityPropose,
  bondDeposit,
  bondWithdraw,
  federationPause,
  federationUpdate,
  memberExit,
  memberWithdraw,
  PROGRAM_ID,
  payoutUpdate,
  roundVoid,
  type Terms,
  vaultFund,
  vaultWithdraw,
} from "@plenary/chain";
import { PublicKey } from "@solana/web3.js";
import { fedavgm } from "../../../testing/index.ts";
import { Scenario } from "../testing/scenario.ts";
import { digest, TestChain } from "../testing/test-chain.ts";
import { issue } from "../testing/tokens.ts";

const U64_MAX = 2n ** 64n - 1n;

test("terms out of range are refused at creation and at update", () => {
  const wrong: readonly [string, Partial<Terms>][] = [
    ["MaxUpdatesOutOfRange", { maxUpdates: 0 }],
    ["MaxUpdatesOutOfRange", { maxUpdates: 4097 }],
    ["WeightLimitExceeded", { maxWeight: 0 }],
    ["WeightLimitExceeded", { maxUpdates: 4096, maxWeight: 16384 }],
    ["WeightLimitExceeded", { maxUpdates: 1, maxWeight: 2 ** 26 }],
    ["DurationOutOfRange", { collectLimit: 0 }],
    ["DurationOutOfRange", { grace: 60 * 86_400 + 1 }],
    ["DurationOutOfRange", { exitCooldown: 2 ** 32 - 1 }],
    ["CooldownTooShort", { challengeWindow: 61, exitCooldown: 60 }],
    ["AddressMissing", { aggregator: PublicKey.default }],
  ];
  const ready = Scenario.ready();
  for (const [index, [error, terms]] of wrong.entries()) {
    const fresh = new Scenario(ready.chain, `wrong ${index}`, terms, ready.mint);
    fresh.refuse(error, fresh.createInstruction(), [fresh.authority]);
    ready.refuse(error, update(ready, terms), [ready.authority]);
  }
  ready.run("federation_update", update(ready, { maxUpdates: 4096, maxWeight: 16383 }), [
    ready.authority,
  ]);
});

test("creation refuses an impossible model", () => {
  const fresh = new Scenario(new TestChain(), "first");
  const refuse = (error: string, changes: Parameters<typeof fresh.createInstruction>[0]) =>
    fresh.refuse(error, fresh.createInstruction(changes), [fresh.authority]);
  refuse("ParameterCountOutOfRange", { parameterCount: 0 });
  refuse("ParameterCountOutOfRange", { parameterCount: 2 ** 26 + 1 });
  refuse("StateNotEmpty", { stateRoot: digest("a state") });
  const momentum = {
    rules: fedavgm(65_535),
    stateRoot: digest("a state"),
    parameterCount: 2 ** 26,
  };
  fresh.run("federation_create", fresh.createInstruction(momentum), [fresh.authority]);
  assert.deepEqual(fresh.state().rules, momentum.rules);
  const again = fresh.chain.send(fresh.createInstruction(), [fresh.authority]);
  assert.notEqual(again.error, null, "an id is used once");
});

test("terms are fixed while a round is open, and the aggregator while its bond is in escrow", () => {
  const scenario = Scenario.ready();
  const { federation, mint: rewardMint, authority, aggregator, stranger } = scenario;
  scenario.refuse("BondInEscrow", update(scenario, { aggregator: stranger.publicKey }), [
    authority,
  ]);
  const number = scenario.open();
  scenario.refuse("RoundInProgress", update(scenario, { rewardPerRound: 1n }), [authority]);
  scenario.chain.now += 91n;
  scenario.run("round_void", roundVoid(PROGRAM_ID, { federation, number }), [stranger]);
  scenario.run("federation_update", update(scenario, { rewardPerRound: 1n }), [authority]);
  assert.equal(scenario.state().rewardPerRound, 1n);
  // The authority can return the bond, so that a federation survives a lost aggregator key.
  const destination = scenario.tokenAccount(aggregator);
  const bond = { federation, rewardMint, signer: authority.publicKey, destination, amount: 600n };
  scenario.run("bond_withdraw", bondWithdraw(PROGRAM_ID, bond), [authority]);
  scenario.run("federation_update", update(scenario, { aggregator: stranger.publicKey }), [
    authority,
  ]);
  scenario.refuse("NotAggregator", scenario.openInstruction(), [scenario.payer, aggregator]);
});

test("neither the aggregator nor the minimum bond changes while a round can be disputed", () => {
  const scenario = Scenario.ready("first", { minimumBond: 0n });
  const { federation, mint: rewardMint, authority, aggregator, stranger } = scenario;
  const destination = scenario.tokenAccount(aggregator);
  const bond = { federation, rewardMint, signer: aggregator.publicKey, destination, amount: 600n };
  scenario.run("bond_withdraw", bondWithdraw(PROGRAM_ID, bond), [aggregator]);
  const number = scenario.open();
  scenario.commit(number);
  // A minimum bond of 2^63 would make deposits unaffordable.
  scenario.refuse("TermsInDispute", update(scenario, { minimumBond: 2n ** 63n }), [authority]);
  // Another aggregator's bond would pay for a round that it did not commit.
  scenario.refuse("TermsInDispute", update(scenario, { aggregator: stranger.publicKey }), [
    authority,
  ]);
  scenario.run("federation_update", update(scenario, { rewardPerRound: 1n }), [authority]);
  scenario.chain.now += 60n;
  scenario.finalize(number);
  const changes = { aggregator: stranger.publicKey, minimumBond: 9n };
  scenario.run("federation_update", update(scenario, changes), [authority]);
  assert.equal(scenario.state().minimumBond, 9n);
});

test("a pause stops rounds and joins, never claims, exits or withdrawals", () => {
  const scenario = Scenario.ready();
  const { federation, mint: rewardMint, authority } = scenario;
  const owner = scenario.join("member one");
  const earned = scenario.earned([owner, 10n]);
  const number = scenario.completeRound(earned);
  const pause = (paused: boolean) =>
    federationPause(PROGRAM_ID, { federation, authority: authority.publicKey, paused });
  scenario.refuse("NothingToChange", pause(false), [authority]);
  scenario.run("federation_pause", pause(true), [authority]);
  scenario.refuse("NothingToChange", pause(true), [authority]);
  scenario.refuse("Paused", scenario.openInstruction(), [scenario.payer, scenario.aggregator]);
  const late = scenario.chain.actor("late");
  scenario.tokensFor(late, 100n);
  scenario.refuse("Paused", scenario.joinInstruction(late), [scenario.payer, late]);
  scenario.run("reward_claim", scenario.claimInstruction(number, owner, earned), [
    scenario.stranger,
  ]);
  scenario.run("member_exit", memberExit(PROGRAM_ID, { federation, owner: owner.publicKey }), [
    owner,
  ]);
  scenario.chain.now += 100n;
  const destination = scenario.tokenAccount(owner);
  const withdraw = memberWithdraw(PROGRAM_ID, {
    federation,
    rewardMint,
    owner: owner.publicKey,
    destination,
  });
  scenario.run("member_withdraw", withdraw, [owner]);
  scenario.run("federation_pause", pause(false), [authority]);
  scenario.open();
});

test("a round that was open when the federation paused is still committed and finalised", () => {
  const scenario = Scenario.ready();
  const { federation, authority } = scenario;
  const number = scenario.open();
  const pause = federationPause(PROGRAM_ID, {
    federation,
    authority: authority.publicKey,
    paused: true,
  });
  scenario.run("federation_pause", pause, [authority]);
  scenario.commit(number);
  scenario.chain.now += 60n;
  scenario.finalize(number);
});

test("the authority passes to another key in two steps", () => {
  const scenario = Scenario.ready();
  const { federation, authority, stranger } = scenario;
  const accept = authorityAccept(PROGRAM_ID, { federation, proposedAuthority: stranger.publicKey });
  const propose = (proposed: PublicKey) =>
    authorityPropose(PROGRAM_ID, { federation, authority: authority.publicKey, proposed });
  scenario.refuse("NotProposedAuthority", accept, [stranger]);
  scenario.run("authority_propose", propose(stranger.publicKey), [authority]);
  scenario.run("authority_propose", propose(PublicKey.default), [authority]);
  scenario.refuse("NotProposedAuthority", accept, [stranger]);
  scenario.run("authority_propose", propose(stranger.publicKey), [authority]);
  scenario.run("federation_update", update(scenario, {}), [authority]);
  scenario.run("authority_accept", accept, [stranger]);
  scenario.refuse("NotAuthority", update(scenario, {}), [authority]);
  scenario.refuse("NotProposedAuthority", accept, [stranger]);
  assert.ok(scenario.state().authority.equals(stranger.publicKey));
  assert.ok(scenario.state().creator.equals(authority.publicKey), "the address stays");
});

test("the vault keeps promised rewards and the open round's budget", () => {
  const scenario = Scenario.ready();
  const { federation, mint: rewardMint, authority } = scenario;
  const owner = scenario.join("member one");
  const destination = scenario.tokensFor(authority, 0n);
  const withdraw = (amount: bigint) =>
    vaultWithdraw(PROGRAM_ID, {
      federation,
      rewardMint,
      authority: authority.publicKey,
      destination,
      amount,
    });
  scenario.refuse("ZeroAmount", withdraw(0n), [authority]);
  scenario.refuse("VaultBelowOwed", withdraw(10_001n), [authority]);
  scenario.refuse("VaultBelowOwed", withdraw(U64_MAX), [authority]);
  const number = scenario.open();
  scenario.refuse("VaultBelowOwed", withdraw(9_001n), [authority]);
  const earned = scenario.earned([owner, 400n]);
  scenario.commit(number, earned);
  scenario.refuse("VaultBelowOwed", withdraw(9_601n), [authority]);
  scenario.chain.now += 60n;
  scenario.finalize(number);
  scenario.run("reward_claim", scenario.claimInstruction(number, owner, earned), [
    scenario.stranger,
  ]);
  scenario.refuse("VaultBelowOwed", withdraw(9_601n), [authority]);
  scenario.run("vault_withdraw", withdraw(9_600n), [authority]);
  assert.equal(scenario.chain.tokens(scenario.state().vault), 0n);
  scenario.refuse("VaultTooSmall", scenario.openInstruction(), [
    scenario.payer,
    scenario.aggregator,
  ]);
});

test("the vault pays no account that the federation owns, where tokens would be stranded", () => {
  const scenario = Scenario.ready();
  const { federation, mint: rewardMint, authority, chain } = scenario;
  const owner = scenario.join("member one");
  const { vault, escrow } = scenario.state();
  const strayed = issue(chain, rewardMint, federation, 1n);
  for (const destination of [escrow, vault, strayed]) {
    const terms = { federation, rewardMint, authority: authority.publicKey, amount: 1n };
    const withdraw = vaultWithdraw(PROGRAM_ID, { ...terms, destination });
    // Anchor itself refuses an instruction that names the vault twice.
    if (!destination.equals(vault)) scenario.refuse("PayoutIsFederation", withdraw, [authority]);
    const pay = { federation, owner: owner.publicKey, payout: destination };
    scenario.refuse("PayoutIsFederation", payoutUpdate(PROGRAM_ID, pay), [owner]);
  }
});

test("amounts that nobody has are refused", () => {
  const scenario = Scenario.ready();
  const { federation, mint: rewardMint, aggregator } = scenario;
  const source = scenario.tokenAccount(aggregator);
  const fund = (amount: bigint) =>
    vaultFund(PROGRAM_ID, { federation, rewardMint, funder: aggregator.publicKey, source, amount });
  const bond = (amount: bigint) =>
    bondDeposit(PROGRAM_ID, {
      federation,
      rewardMint,
      aggregator: aggregator.publicKey,
      source,
      amount,
    });
  for (const build of [fund, bond]) {
    scenario.refuse("ZeroAmount", build(0n), [aggregator]);
    scenario.refuse("InsufficientFunds", build(1_000_000n), [aggregator]);
    scenario.refuse("InsufficientFunds", build(U64_MAX), [aggregator]);
  }
});

test("the bond is returned only while every round is settled, and never more than it", () => {
  const scenario = Scenario.ready();
  const { federation, mint: rewardMint, aggregator } = scenario;
  const destination = scenario.tokenAccount(aggregator);
  const withdraw = (amount: bigint) =>
    bondWithdraw(PROGRAM_ID, {
      federation,
      rewardMint,
      signer: aggregator.publicKey,
      destination,
      amount,
    });
  // Members' stakes are in the same escrow, so the limit is the bond's own amount.
  scenario.join("member one");
  scenario.refuse("BondTooSmall", withdraw(601n), [aggregator]);
  scenario.refuse("ZeroAmount", withdraw(0n), [aggregator]);
  const number = scenario.open();
  scenario.refuse("RoundsNotFinal", withdraw(1n), [aggregator]);
  scenario.commit(number);
  scenario.refuse("RoundsNotFinal", withdraw(1n), [aggregator]);
  scenario.chain.now += 60n;
  scenario.finalize(number);
  scenario.run("bond_withdraw", withdraw(101n), [aggregator]);
  scenario.refuse("BondBelowMinimum", scenario.openInstruction(), [scenario.payer, aggregator]);
  scenario.run("bond_withdraw", withdraw(499n), [aggregator]);
  assert.equal(scenario.state().bond, 0n);
});

function update(scenario: Scenario, changes: Partial<Terms>) {
  return federationUpdate(PROGRAM_ID, {
    federation: scenario.federation,
    authority: scenario.authority.publicKey,
    terms: { ...scenario.terms, ...changes },
  });
}
