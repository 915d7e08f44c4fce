import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  accountMigrate,
  authorityAccept,
  authorityPropose,
  bondDeposit,
  bondWithdraw,
  escrowAddress,
  federationPause,
  federationUpdate,
  IDL,
  memberClose,
  memberExit,
  memberRotateKey,
  memberWithdraw,
  PROGRAM_ID,
  payoutUpdate,
  roundAddress,
  roundClose,
  roundFinalize,
  roundVoid,
  TOKEN_2022_PROGRAM,
  vaultAddress,
  vaultFund,
  vaultWithdraw,
} from "@plenary/chain";
import { type Keypair, type PublicKey, TransactionInstruction } from "@solana/web3.js";
import { disputeSteps } from "./dispute-steps.ts";
import { createMint, Scenario } from "./scenario.ts";
import { keypairOf } from "./test-chain.ts";

/*
 * Every instruction with every one of its accounts replaced by accounts that lie near: the same role in another federation with the
 * same mint, another member's, a stranger's, another mint's, and with every account of the program's in a layout that it does not
 * know. All must be refused, and then the right instruction must pass, which proves that nothing else stood in its way. It must
 * pass while the federation is paused, too, unless it begins something new.
 */

interface Case {
  readonly name: string;
  readonly instructions: readonly TransactionInstruction[];
  readonly signers: readonly Keypair[];
  /** `account <- substitute` pairs that are rightly accepted. */
  readonly accepted?: readonly string[];
  /** What an account of a version that does not exist is refused with; `VersionUnknown` where left out. */
  readonly refusal?: string;
}

const mine = Scenario.ready("first");
const theirs = Scenario.ready("second", {}, mine.chain, mine.mint);
const owner = mine.join("member one");
const other = mine.join("member two");
const foreign = theirs.join("foreign member");
const earned = mine.earned([owner, 100n], [other, 200n]);
theirs.completeRound(theirs.earned([foreign, 500n]));
mine.completeRound();
const { federation, mint: rewardMint, authority, aggregator, payer, stranger, chain } = mine;
const foreignMint = createMint(chain, "foreign mint");

const near: Readonly<Record<string, PublicKey>> = {
  stranger: stranger.publicKey,
  strangerTokens: mine.tokensFor(stranger, 1000n),
  foreignTokens: theirs.tokensFor(theirs.aggregator, 1000n),
  otherMintTokens: mine.tokensFor(owner, 1000n, foreignMint),
  otherMint: foreignMint,
  otherTokenProgram: TOKEN_2022_PROGRAM,
  otherMember: mine.memberAddress(other),
  foreignMember: theirs.memberAddress(foreign),
  foreignFederation: theirs.federation,
  foreignVault: vaultAddress(PROGRAM_ID, theirs.federation),
  foreignEscrow: escrowAddress(PROGRAM_ID, theirs.federation),
  foreignRound: roundAddress(PROGRAM_ID, theirs.federation, 1n),
  foreignAuthority: theirs.authority.publicKey,
  foreignAggregator: theirs.aggregator.publicKey,
};

/** What could stand in for a federation's accounts. */
function substitutesIn({ federation }: Scenario): Readonly<Record<string, PublicKey>> {
  return {
    ...near,
    ownVault: vaultAddress(PROGRAM_ID, federation),
    ownEscrow: escrowAddress(PROGRAM_ID, federation),
    ownFederation: federation,
  };
}

const keysOfSubstitutes = [stranger, theirs.authority, theirs.aggregator];

function namesOf(name: string): string[] {
  const definition = IDL.instructions.find((instruction) => instruction.name === name);
  assert.ok(definition !== undefined, name);
  return definition.accounts.map((account) => account.name);
}

/** Addresses of the program sign nothing, so they stand in unsigned. */
function canSign(pubkey: PublicKey): boolean {
  return keysOfSubstitutes.some((keypair) => keypair.publicKey.equals(pubkey));
}

/** Every way in which exactly one account of the case's last instruction is wrong. */
function* variants(
  given: Case,
  scenario: Scenario,
): Generator<{ label: string; instruction: TransactionInstruction }> {
  const instruction = given.instructions.at(-1);
  assert.ok(instruction !== undefined);
  for (const [index, name] of namesOf(given.name).entries()) {
    const original = instruction.keys[index];
    assert.ok(original !== undefined);
    for (const [label, pubkey] of Object.entries(substitutesIn(scenario))) {
      if (pubkey.equals(original.pubkey)) continue;
      yield {
        label: `${name} <- ${label}`,
        instruction: withKey(instruction, index, {
          ...original,
          pubkey,
          isSigner: original.isSigner && canSign(pubkey),
        }),
      };
    }
    if (original.isSigner) {
      yield {
        label: `${name} unsigned`,
        instruction: withKey(instruction, index, { ...original, isSigner: false }),
      };
    }
  }
}

function withKey(
  from: TransactionInstruction,
  index: number,
  key: TransactionInstruction["keys"][number],
): TransactionInstruction {
  const keys = from.keys.map((old, at) => (at === index ? key : old));
  return new TransactionInstruction({ programId: from.programId, keys, data: from.data });
}

const tried = new Set<string>();

/** Versions that later layouts may have. */
const UNKNOWN_VERSIONS = [3, 255];
/** A pause stops what begins, never what ends: claims, withdrawals, commitments, disputes. */
const STOPPED_BY_PAUSE = new Set(["round_open", "member_join"]);

/** Every account of the program's that exists, with its version (after the discriminator) changed. */
function refuseUnknownVersions(given: Case): void {
  const instruction = given.instructions.at(-1);
  assert.ok(instruction !== undefined);
  for (const { pubkey } of instruction.keys) {
    const data = pubkey.equals(PROGRAM_ID) ? null : chain.data(pubkey);
    if (data === null || !chain.owner(pubkey).equals(PROGRAM_ID)) continue;
    for (const version of UNKNOWN_VERSIONS) {
      chain.setData(pubkey, PROGRAM_ID, data.with(8, version));
      const outcome = chain.send(given.instructions, given.signers);
      assert.equal(outcome.error, given.refusal ?? "VersionUnknown", `${given.name}: ${version}`);
    }
    chain.setData(pubkey, PROGRAM_ID, data);
  }
}

/** Runs the right instruction at last, while the federation is paused where that must not matter. */
function runPaused(given: Case, scenario: Scenario): void {
  const { federation, authority } = scenario;
  const pause = (paused: boolean) =>
    scenario.run(
      "federation_pause",
      federationPause(PROGRAM_ID, { federation, authority: at(authority), paused }),
      [authority],
    );
  if (given.name === "federation_pause")
    return void scenario.run(given.name, given.instructions, given.signers);
  pause(true);
  if (STOPPED_BY_PAUSE.has(given.name)) {
    scenario.refuse("Paused", given.instructions, given.signers);
    pause(false);
    scenario.run(given.name, given.instructions, given.signers);
  } else {
    scenario.run(given.name, given.instructions, given.signers);
    pause(false);
  }
}

function check(given: Case, scenario = mine): void {
  const accepted = new Set(given.accepted ?? []);
  for (const { label, instruction } of variants(given, scenario)) {
    if (accepted.has(label)) continue;
    const needed = new Set(
      instruction.keys.filter((key) => key.isSigner).map((key) => key.pubkey.toBase58()),
    );
    const holders = [...given.signers, ...keysOfSubstitutes].filter((key) =>
      needed.has(key.publicKey.toBase58()),
    );
    const feePayer = chain.actor("fee payer");
    const outcome = chain.send(
      [...given.instructions.slice(0, -1), instruction],
      [feePayer, ...new Set(holders)],
    );
    assert.notEqual(outcome.error, null, `${given.name}: ${label} must be refused`);
  }
  refuseUnknownVersions(given);
  runPaused(given, scenario);
  tried.add(given.name);
}

const tokens = (key: Keypair) => mine.tokenAccount(key);
const at = (key: Keypair) => key.publicKey;

/** In the order in which one federation can go through them all. */
const STEPS: readonly (readonly [string, () => Omit<Case, "name">])[] = [
  [
    "federation_update",
    () => ({
      instructions: federationUpdate(PROGRAM_ID, {
        federation,
        authority: at(authority),
        terms: mine.terms,
      }),
      signers: [authority],
    }),
  ],
  [
    "federation_pause",
    () => ({
      instructions: federationPause(PROGRAM_ID, {
        federation,
        authority: at(authority),
        paused: true,
      }),
      signers: [authority],
    }),
  ],
  [
    "federation_pause",
    () => ({
      instructions: federationPause(PROGRAM_ID, {
        federation,
        authority: at(authority),
        paused: false,
      }),
      signers: [authority],
    }),
  ],
  [
    "authority_propose",
    () => ({
      instructions: authorityPropose(PROGRAM_ID, {
        federation,
        authority: at(authority),
        proposed: at(authority),
      }),
      signers: [authority],
    }),
  ],
  [
    "authority_accept",
    () => ({
      instructions: authorityAccept(PROGRAM_ID, { federation, proposedAuthority: at(authority) }),
      signers: [authority],
    }),
  ],
  [
    "vault_fund",
    () => ({
      instructions: vaultFund(PROGRAM_ID, {
        federation,
        rewardMint,
        funder: at(aggregator),
        source: tokens(aggregator),
        amount: 10n,
      }),
      signers: [aggregator],
    }),
  ],
  [
    "vault_withdraw",
    () => ({
      instructions: vaultWithdraw(PROGRAM_ID, {
        federation,
        rewardMint,
        authority: at(authority),
        destination: mine.tokensFor(authority, 0n),
        amount: 5n,
      }),
      signers: [authority],
      accepted: ["strangerTokens", "foreignTokens", "foreignVault", "foreignEscrow"].map(
        (to) => `destination <- ${to}`,
      ),
    }),
  ],
  [
    "bond_deposit",
    () => ({
      instructions: bondDeposit(PROGRAM_ID, {
        federation,
        rewardMint,
        aggregator: at(aggregator),
        source: tokens(aggregator),
        amount: 10n,
      }),
      signers: [aggregator],
    }),
  ],
  [
    "bond_withdraw",
    () => ({
      instructions: bondWithdraw(PROGRAM_ID, {
        federation,
        rewardMint,
        signer: at(aggregator),
        destination: tokens(aggregator),
        amount: 10n,
      }),
      signers: [aggregator],
    }),
  ],
  [
    "member_join",
    () => {
      const joining = chain.actor("member three");
      mine.tokensFor(joining, 100n);
      return {
        instructions: mine.joinInstruction(joining),
        signers: [payer, joining],
        accepted: [
          ...["stranger", "foreignAuthority", "foreignAggregator"].map((key) => `payer <- ${key}`),
          ...["stranger", "foreignAuthority", "foreignAggregator"].map(
            (key) => `authority <- ${key}`,
          ),
          ...["strangerTokens", "foreignTokens", "foreignVault", "foreignEscrow"].map(
            (to) => `payout <- ${to}`,
          ),
        ],
      };
    },
  ],
  [
    "member_rotate_key",
    () => ({
      instructions: memberRotateKey(PROGRAM_ID, {
        federation,
        owner: at(owner),
        updateKey: keypairOf("new key").publicKey,
      }),
      signers: [owner],
    }),
  ],
  [
    "payout_update",
    () => ({
      instructions: payoutUpdate(PROGRAM_ID, {
        federation,
        owner: at(owner),
        payout: tokens(owner),
      }),
      signers: [owner],
      accepted: ["strangerTokens", "foreignTokens", "foreignVault", "foreignEscrow"].map(
        (to) => `payout <- ${to}`,
      ),
    }),
  ],
  [
    "round_open",
    () => ({
      instructions: mine.openInstruction(),
      signers: [payer, aggregator],
      accepted: ["stranger", "foreignAuthority", "foreignAggregator"].map(
        (key) => `payer <- ${key}`,
      ),
    }),
  ],
  [
    "round_commit",
    () => ({
      instructions: mine.commitInstruction(2n, mine.result(2n, earned)),
      signers: [aggregator],
    }),
  ],
  [
    "round_finalize",
    () => {
      chain.now += 60n;
      return {
        instructions: roundFinalize(PROGRAM_ID, { federation, number: 2n }),
        signers: [payer],
      };
    },
  ],
  [
    "reward_claim",
    () => ({ instructions: mine.claimInstruction(2n, owner, earned), signers: [payer] }),
  ],
  [
    "round_close",
    () => ({
      instructions: roundClose(PROGRAM_ID, {
        federation,
        authority: at(authority),
        number: 1n,
        rentPayer: at(payer),
      }),
      signers: [authority],
    }),
  ],
  [
    "round_void",
    () => {
      const number = mine.open();
      chain.now += 91n;
      return {
        instructions: roundVoid(PROGRAM_ID, { federation, number }),
        signers: [payer],
      };
    },
  ],
  [
    "member_exit",
    () => ({
      instructions: memberExit(PROGRAM_ID, { federation, owner: at(other) }),
      signers: [other],
    }),
  ],
  [
    "member_withdraw",
    () => {
      chain.now += 100n;
      return {
        instructions: memberWithdraw(PROGRAM_ID, {
          federation,
          rewardMint,
          owner: at(other),
          destination: tokens(other),
        }),
        signers: [other],
      };
    },
  ],
  [
    "member_close",
    () => ({
      instructions: memberClose(PROGRAM_ID, { federation, owner: at(other), rentPayer: at(payer) }),
      signers: [other],
    }),
  ],
];

for (const [name, step] of STEPS) {
  // a step is built only now: it needs what those before it have done
  test(`${name} refuses every wrong account`, () => check({ name, ...step() }));
}

test("account_migrate refuses every wrong account", () => {
  const account = keypairOf("old round").publicKey;
  const vectors = new URL("../../../test/vectors/accounts/", import.meta.url);
  chain.setData(account, PROGRAM_ID, readFileSync(new URL("round-v1.bin", vectors)));
  check({
    name: "account_migrate",
    instructions: accountMigrate(PROGRAM_ID, { account, payer: at(payer) }),
    signers: [payer],
    accepted: ["stranger", "foreignAuthority", "foreignAggregator"].map((key) => `payer <- ${key}`),
    refusal: "NothingToMigrate",
  });
});

test("federation_create refuses every wrong account", () => {
  const fresh = new Scenario(chain, "third", {}, mine.mint);
  check({
    name: "federation_create",
    instructions: fresh.createInstruction(),
    signers: [fresh.authority],
    // the same instruction makes the vault and the escrow in whichever mint is named
    accepted: ["reward_mint <- otherMint"],
  });
});

const disputes = disputeSteps(chain, mine.mint);
for (const [name, step] of disputes.steps)
  test(`${name} refuses every wrong account`, () => check({ name, ...step() }, disputes.scenario));

test("every instruction of the program was tried", () => {
  for (const { name } of IDL.instructions) assert.ok(tried.has(name), `${name} has a case`);
});
