/**
 * What authority and aggregator do on chain, against the committed program: what is refused, with
 * what sentence, and what is not.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  listRounds,
  readChainTime,
  readFederation,
  roundFinalize,
  sendTransaction,
} from "@plenary/chain";
import { Keypair } from "@solana/web3.js";
import { createChainFederation, startChain, type TestChain } from "../../../testing/index.ts";
import { tokenBalance } from "../chain-state/index.ts";
import { joinFederation } from "../membership/index.ts";
import {
  acceptAuthority,
  closeRounds,
  depositBond,
  fundVault,
  pauseFederation,
  proposeAuthority,
  resumeFederation,
  updateTerms,
  withdrawBond,
  withdrawVault,
} from "./index.ts";

const BOND = 900n;
const LONG = 600;
let chain: TestChain;

before(async () => {
  chain = await startChain();
});

after(() => chain.stop());

test("the authority passes to a key that takes it, and to no other", async () => {
  const federation = await createChainFederation(chain, {});
  const { authority } = federation;
  const [heir, stranger] = [Keypair.generate(), Keypair.generate()];
  await federation.equip(heir.publicKey);
  await assert.rejects(acceptAuthority(federation, heir), {
    code: "not-authority",
    message: /offered to nobody, not to .*: let .* propose that key/,
  });
  await assert.rejects(proposeAuthority(federation, stranger, heir.publicKey), {
    code: "not-authority",
  });
  await assert.rejects(proposeAuthority(federation, authority, authority.publicKey), {
    code: "invalid-input",
  });
  assert.ok(
    (await proposeAuthority(federation, authority, heir.publicKey)).proposed?.equals(
      heir.publicKey,
    ),
  );
  assert.equal((await proposeAuthority(federation, authority, heir.publicKey)).transaction, null);
  assert.equal((await proposeAuthority(federation, authority, null)).proposed, null);
  await assert.rejects(acceptAuthority(federation, heir), { message: /offered to nobody/ });
  // With the same blockhash it would be the very transaction that the chain has processed.
  await federation.past(await readChainTime(federation.connection));
  await proposeAuthority(federation, authority, heir.publicKey);
  await assert.rejects(acceptAuthority(federation, stranger), { code: "not-authority" });
  assert.notEqual((await acceptAuthority(federation, heir)).transaction, null);
  assert.equal((await acceptAuthority(federation, heir)).transaction, null);
  await assert.rejects(pauseFederation(federation, authority), { code: "not-authority" });
  assert.equal((await pauseFederation(federation, heir)).paused, true);
});

test("a pause keeps members and rounds out until it ends", async () => {
  const federation = await createChainFederation(chain, { rewardPerRound: 0n });
  const { authority } = federation;
  const keypair = Keypair.generate();
  await federation.equip(keypair.publicKey);
  assert.notEqual((await pauseFederation(federation, authority)).transaction, null);
  assert.equal((await pauseFederation(federation, authority)).transaction, null);
  await assert.rejects(joinFederation(federation, { keypair }), {
    message: "The federation is paused.",
  });
  await assert.rejects(federation.openRound(), { message: "The federation is paused." });
  assert.notEqual((await resumeFederation(federation, authority)).transaction, null);
  assert.equal((await resumeFederation(federation, authority)).transaction, null);
  await joinFederation(federation, { keypair });
  assert.equal(await federation.openRound(), 1n);
});

test("the bond is filled up to its minimum, and goes home between rounds", async () => {
  const federation = await createChainFederation(chain, { minimumBond: BOND, rewardPerRound: 0n });
  const { connection, aggregator, authority } = federation;
  const owner = aggregator.publicKey;
  const needs = {
    code: "invalid-input",
    message: /^0\.0009 tokens are more than .* holds of the reward token .*: 0\.$/,
  };
  await assert.rejects(depositBond(federation, aggregator), needs);
  await federation.equip(owner, 2n * BOND);
  await assert.rejects(depositBond(federation, authority), {
    code: "conflict",
    message: /aggregator is .*, not/,
  });
  await assert.rejects(depositBond(federation, aggregator, 0n), {
    message: "The amount must be above zero.",
  });
  assert.deepEqual(await movedAndBond(depositBond(federation, aggregator)), [BOND, BOND]);
  assert.deepEqual(await movedAndBond(depositBond(federation, aggregator)), [0n, BOND]);
  assert.deepEqual(await movedAndBond(depositBond(federation, aggregator, 5n)), [5n, BOND + 5n]);
  await federation.openRound();
  await assert.rejects(withdrawBond(federation, aggregator), {
    code: "conflict",
    message:
      /^The bond of 0\.000905 tokens secures rounds that are not final: round 1 is open, .* Pause the federation/,
  });
  await federation.commitRound();
  await federation.past((await readChainTime(connection)) + 1n);
  await assert.rejects(withdrawBond(federation, aggregator, 906n), {
    message: /^0\.000906 tokens are more than the bond: 0\.000905/,
  });
  // Nobody has made the round final: that happens on the way.
  assert.deepEqual(await movedAndBond(withdrawBond(federation, aggregator, 5n)), [5n, BOND]);
  assert.deepEqual(await movedAndBond(withdrawBond(federation, authority)), [BOND, 0n]);
  assert.deepEqual(await movedAndBond(withdrawBond(federation, authority)), [0n, 0n]);
  assert.equal(await tokenBalance(connection, federation.tokensOf(owner)), 2n * BOND);
});

test("the vault keeps what it owes", async () => {
  const federation = await createChainFederation(chain, { rewardPerRound: 10n });
  const { authority } = federation;
  const donor = Keypair.generate();
  await federation.equip(donor.publicKey, 100n);
  await assert.rejects(fundVault(federation, donor, 101n), {
    message: /^0\.000101 tokens are more than .*: 0\.0001\.$/,
  });
  assert.deepEqual(await heldAndOwed(fundVault(federation, donor, 60n)), [60n, 60n, 0n]);
  await federation.openRound();
  await assert.rejects(withdrawVault(federation, donor), { code: "not-authority" });
  await assert.rejects(withdrawVault(federation, authority, 51n), {
    message:
      /^0\.000051 tokens are more than the vault can spare \(it holds 0\.00006 and owes 0\.00001\): 0\.00005\.$/,
  });
  assert.deepEqual(await heldAndOwed(withdrawVault(federation, authority)), [50n, 10n, 10n]);
  assert.deepEqual(await heldAndOwed(withdrawVault(federation, authority)), [0n, 10n, 10n]);
  assert.equal(
    await tokenBalance(federation.connection, federation.tokensOf(authority.publicKey)),
    50n,
  );
});

test("terms change between rounds, and not while members rely on them", async () => {
  const federation = await createChainFederation(chain, {
    rewardPerRound: 0n,
    challengeWindow: LONG,
    exitCooldown: LONG,
  });
  const { connection, authority } = federation;
  const change = { minimumStake: 7n, admission: "approved" } as const;
  await assert.rejects(updateTerms(federation, Keypair.generate(), change), {
    code: "not-authority",
  });
  const updated = await updateTerms(federation, authority, change);
  assert.deepEqual([updated.terms.minimumStake, updated.terms.admission], [7n, "approved"]);
  assert.equal((await updateTerms(federation, authority, change)).transaction, null);
  const shorter = { exitCooldown: LONG - 1 };
  await assert.rejects(updateTerms(federation, authority, shorter), {
    message: /cooldown must be at least/,
  });
  await federation.equip(federation.aggregator.publicKey, 1n);
  await depositBond(federation, federation.aggregator, 1n);
  const aggregator = Keypair.generate().publicKey;
  await assert.rejects(updateTerms(federation, authority, { aggregator }), {
    message: /withdraw the bond first/,
  });
  await withdrawBond(federation, authority);
  await updateTerms(federation, authority, { aggregator });
  // With the same blockhash it would be the very transaction that brought the terms that come back.
  await federation.past(await readChainTime(connection));
  await updateTerms(federation, authority, { aggregator: federation.aggregator.publicKey });
  await federation.openRound();
  await assert.rejects(updateTerms(federation, authority, { minimumStake: 8n }), {
    code: "conflict",
    message: /round 1, which is open: pause the federation, .* which is by \S+Z\.$/,
  });
  await federation.commitRound();
  await assert.rejects(updateTerms(federation, authority, { minimumBond: 8n }), {
    code: "transaction-failed",
  });
  await updateTerms(federation, authority, { minimumStake: 8n });
  const account = await readFederation(connection, federation.address);
  assert.deepEqual([account?.minimumStake, account?.challengeWindow], [8n, LONG]);
});

test("rounds that are obsolete are closed for their rent, and those that are needed stay", async () => {
  const federation = await createChainFederation(chain, { rewardPerRound: 0n });
  const { connection, program, address, authority, aggregator } = federation;
  for (const _ of [1, 2, 3]) {
    await federation.openRound();
    await federation.commitRound();
  }
  assert.deepEqual((await closeRounds(federation, authority, 9n)).rounds, []);
  await federation.past((await readChainTime(connection)) + 1n);
  for (const number of [1n, 2n, 3n])
    await sendTransaction(connection, roundFinalize(program, { federation: address, number }), [
      aggregator,
    ]);
  await assert.rejects(closeRounds(federation, aggregator, 9n), { code: "not-authority" });
  const before = await connection.getBalance(aggregator.publicKey);
  assert.deepEqual((await closeRounds(federation, authority, 2n)).rounds, [1n]);
  assert.ok((await connection.getBalance(aggregator.publicKey)) > before);
  assert.deepEqual((await closeRounds(federation, authority, 9n)).rounds, [2n]);
  const left = await listRounds(connection, program, address);
  assert.deepEqual(
    left.map(({ number }) => number),
    [3n],
  );
  assert.deepEqual(await closeRounds(federation, authority, 9n), { rounds: [], transactions: [] });
});

async function movedAndBond(change: ReturnType<typeof depositBond>): Promise<bigint[]> {
  const { amount, bond } = await change;
  return [amount, bond];
}

async function heldAndOwed(change: ReturnType<typeof fundVault>): Promise<bigint[]> {
  const { amount, held, owed } = await change;
  return [amount, held, owed];
}
