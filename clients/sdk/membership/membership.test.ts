/**
 * What members do on chain without any service, against the committed program: what is refused,
 * with what sentence, and what is not.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  escrowAddress,
  readFederation,
  readMember,
  readRound,
  roundAddress,
  type Terms,
  vaultAddress,
} from "@plenary/chain";
import { Keypair, PublicKey } from "@solana/web3.js";
import {
  type ChainFederation,
  createChainFederation,
  startChain,
  type TestChain,
} from "../../../testing/index.ts";
import { tokenBalance } from "../chain-state/index.ts";
import {
  closeMember,
  leaveFederation,
  rotateUpdateKey,
  setPayout,
  withdrawStake,
} from "./index.ts";
import { joinFederation } from "./join.ts";

const STAKE = 700n;
const LONG = 600;
let chain: TestChain;

before(async () => {
  chain = await startChain();
});

after(() => chain.stop());

/** A federation with one member and enough in its vault for its rounds. */
async function foundWithMember(
  terms: Partial<Terms> = {},
): Promise<{ federation: ChainFederation; owner: Keypair }> {
  const federation = await createChainFederation(chain, {
    minimumStake: STAKE,
    rewardPerRound: 0n,
    ...terms,
  });
  const owner = Keypair.generate();
  await federation.equip(owner.publicKey, STAKE);
  await joinFederation(federation, { keypair: owner });
  return { federation, owner };
}

test("a member that never took part leaves, takes the stake home and closes its account", async () => {
  const { federation, owner } = await foundWithMember();
  const { connection } = federation;
  const stays = /has not left the federation, so its stake of 0\.0007 tokens stays: leave first/;
  await assert.rejects(withdrawStake(federation, owner), { code: "conflict", message: stays });
  await assert.rejects(closeMember(federation, owner), {
    code: "conflict",
    message: /member has not left/,
  });
  const left = await leaveFederation(federation, owner);
  assert.deepEqual([left.exitRound, left.stake, left.rounds], [1n, STAKE, []]);
  await assert.rejects(closeMember(federation, owner), {
    code: "conflict",
    message: /700 is in escrow/,
  });
  await federation.past(left.freeAt);
  const { amount, destination, before, after } = await withdrawStake(federation, owner);
  assert.deepEqual([amount, before, after], [STAKE, 0n, STAKE]);
  assert.equal(await tokenBalance(connection, destination), STAKE);
  assert.deepEqual(await withdrawStake(federation, owner), {
    ...{ amount: 0n, destination, before: STAKE, after: STAKE, transaction: null, slashed: false },
  });
  const lamports = await connection.getBalance(owner.publicKey, "confirmed");
  const closed = await closeMember(federation, owner);
  assert.ok(closed.rentPayer?.equals(owner.publicKey));
  assert.ok((await connection.getBalance(owner.publicKey, "confirmed")) > lamports);
  assert.equal((await closeMember(federation, owner)).transaction, null);
  await assert.rejects(leaveFederation(federation, owner), {
    code: "member-unknown",
    message: /join it first/,
  });
});

test("the stake waits for the cooldown, and for rounds that can be challenged", async () => {
  const { federation, owner } = await foundWithMember({ challengeWindow: 2, exitCooldown: LONG });
  await federation.openRound();
  await federation.commitRound();
  await federation.openRound();
  const left = await leaveFederation(federation, owner);
  assert.deepEqual([left.exitRound, left.rounds], [3n, [1n, 2n]]);
  assert.deepEqual(
    { ...(await leaveFederation(federation, owner)), transaction: left.transaction },
    left,
  );
  const free = new Date(1000 * Number(left.freeAt)).toISOString();
  await assert.rejects(withdrawStake(federation, owner), (error: Error) => {
    const sentence = `The stake of 0.0007 tokens stays in escrow for now: the cooldown ends at ${free}; round 1 `;
    assert.ok(error.message.startsWith(sentence), error.message);
    assert.match(
      error.message,
      /; round 2 is open, and is committed or void by \S+Z\. Withdraw it after that\.$/,
    );
    return true;
  });
});

test("with the service gone, a member makes final and void what its stake waits for", async () => {
  // However slow the machine, the first round must be committed within its grace.
  const terms = { challengeWindow: 2, exitCooldown: 2, collectLimit: 1, grace: LONG };
  const { federation, owner } = await foundWithMember(terms);
  const { connection, program, address } = federation;
  await federation.openRound();
  await federation.commitRound();
  await federation.openRound();
  const left = await leaveFederation(federation, owner);
  const ends = async (number: bigint) =>
    readRound(connection, roundAddress(program, address, number));
  const [first, second] = [await ends(1n), await ends(2n)];
  assert.ok(first && second);
  const times = [first.challengeEndsAt, second.commitBy, left.freeAt];
  await federation.past(times.reduce((a, b) => (a > b ? a : b)));
  assert.equal((await withdrawStake(federation, owner)).amount, STAKE);
  assert.deepEqual([(await ends(1n))?.status, (await ends(2n))?.status], ["final", "void"]);
});

test("a key is changed again once the rounds before the first change are final", async () => {
  const { federation, owner } = await foundWithMember({
    challengeWindow: LONG,
    exitCooldown: LONG,
  });
  const keys = Array.from({ length: 3 }, () => Keypair.generate().publicKey) as [
    PublicKey,
    PublicKey,
    PublicKey,
  ];
  await federation.openRound();
  const first = await rotateUpdateKey(federation, owner, keys[0]);
  assert.equal(first.sinceRound, 2n);
  // Nothing is signed with it yet, so it can still be replaced.
  assert.equal((await rotateUpdateKey(federation, owner, keys[1])).sinceRound, 2n);
  assert.equal((await rotateUpdateKey(federation, owner, keys[1])).transaction, null);
  await federation.commitRound();
  await federation.openRound();
  await assert.rejects(rotateUpdateKey(federation, owner, keys[2]), {
    code: "conflict",
    message:
      /^The key was changed for round 2, and rounds before that can still be challenged: round 1 can be challenged until \S+Z\./,
  });
  const member = await readMember(federation.connection, first.member);
  assert.ok(member?.updateKey.equals(keys[1]) && member.previousKey.equals(owner.publicKey));
  await assert.rejects(rotateUpdateKey(federation, owner, PublicKey.default), {
    code: "invalid-input",
  });
  await leaveFederation(federation, owner);
  await assert.rejects(rotateUpdateKey(federation, owner, keys[2]), {
    message: /has left .* from round 3 on/,
  });
});

test("pay goes to another's account, and back to the owner's own", async () => {
  const { federation, owner } = await foundWithMember();
  const { connection } = federation;
  const treasury = Keypair.generate().publicKey;
  await federation.equip(treasury, 1n);
  const set = await setPayout(federation, owner, federation.tokensOf(treasury));
  assert.ok(set.beneficiary.equals(treasury));
  assert.equal(
    (await setPayout(federation, owner, federation.tokensOf(treasury))).transaction,
    null,
  );
  const back = await setPayout(federation, owner);
  assert.ok(back.payout.equals(federation.tokensOf(owner.publicKey)) && back.transaction !== null);
  assert.equal((await setPayout(federation, owner)).transaction, null);
  assert.ok((await readMember(connection, back.member))?.payout.equals(back.payout));
});

test("pay cannot go where it could not be received", async () => {
  const { federation, owner } = await foundWithMember();
  const { program, address, rewardMint } = federation;
  const wallet = Keypair.generate().publicKey;
  const other = await foundWithMember();
  const foreign = other.federation.tokensOf(other.owner.publicKey);
  const tokens = federation.tokensOf(wallet).toBase58();
  const refusals: [PublicKey, RegExp][] = [
    [
      wallet,
      new RegExp(`is not a token account. If it is a wallet, .* is ${tokens}, which must exist`),
    ],
    [federation.tokensOf(wallet), /is not a token account/],
    [rewardMint, /is not a token account/],
    [address, /is not a token account/],
    [
      foreign,
      new RegExp(`holds tokens of the mint .*; this federation pays in ${rewardMint.toBase58()}`),
    ],
    [vaultAddress(program, address), /the federation's own account/],
    [escrowAddress(program, address), /the federation's own account/],
  ];
  for (const [account, message] of refusals)
    await assert.rejects(setPayout(federation, owner, account), { code: "invalid-input", message });
});

test("an owner that is not a member is told so", async () => {
  const { federation } = await foundWithMember();
  const stranger = Keypair.generate();
  for (const attempt of [leaveFederation, withdrawStake, setPayout])
    await assert.rejects(attempt(federation, stranger), { code: "member-unknown" });
  const address = Keypair.generate().publicKey;
  await assert.rejects(leaveFederation({ ...federation, address }, stranger), {
    code: "not-found",
  });
  assert.equal((await readFederation(federation.connection, federation.address))?.members, 1);
});
