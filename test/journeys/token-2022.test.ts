/** A federation whose reward token is one of Token-2022. Nothing changes for its members. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readMember, readTokenProgram, TOKEN_2022_PROGRAM, vaultAddress } from "@plenary/chain";
import { connectTo, type FederationMember, openFederation, tokenBalance } from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { createToken2022Mint, foundFederation, STAKE, startGround } from "./local-federation.ts";

const ROUNDS = 2;

test("organisations join, train, claim and are paid in a token of Token-2022", async (t) => {
  const ground = await startGround(t);
  const { serviceUrl: service, rpcUrl: rpc, program } = ground.stack;
  const founded = await foundFederation(ground, { total: ROUNDS }, 1, {}, createToken2022Mint);
  const connection = connectTo(rpc);
  assert.ok((await readTokenProgram(connection, founded.rewardMint)).equals(TOKEN_2022_PROGRAM));
  const vault = vaultAddress(program, founded.address);
  const funded = await tokenBalance(connection, vault);

  const federation = await openFederation({ service, rpc });
  const groups = founded.dataset.split(7).training;
  const paid = await Promise.all(
    [0, 1].map(async (index) => {
      const keypair = Keypair.generate();
      await founded.equip(keypair.publicKey);
      const answers = founded.dataset.answersOf([groups[index] ?? ""]);
      const state = join(ground.folder, `member-${index}`);
      const member = await federation.join({ keypair, answers, state });
      assert.equal(await tokenBalance(connection, founded.tokensOf(keypair.publicKey)), 0n);
      assert.equal((await readMember(connection, member.address))?.stake, STAKE);
      assert.deepEqual(await trainToTheEnd(member), Array(ROUNDS).fill("counted"));
      const { amount, round, before, after } = await member.claim();
      assert.equal(round, BigInt(ROUNDS));
      assert.equal(after - before, amount);
      assert.equal(await tokenBalance(connection, founded.tokensOf(keypair.publicKey)), amount);
      assert.equal((await member.claim()).amount, 0n);
      assert.equal((await readMember(connection, member.address))?.claimedTotal, amount);
      assert.equal((await member.status()).member?.counted, ROUNDS);
      await member.close();
      return amount;
    }),
  );
  assert.ok(paid.every((amount) => amount > 0n));
  const total = paid.reduce((sum, amount) => sum + amount, 0n);
  assert.equal(await tokenBalance(connection, vault), funded - total);
  const budget = BigInt(federation.configuration.rewardPerRound) * BigInt(ROUNDS);
  // Shares are rounded down, by less than one base unit for each member and round.
  assert.ok(total <= budget && total > budget - 2n * BigInt(ROUNDS));
  assert.equal((await federation.verifyRound(BigInt(ROUNDS))).valid, true);
});

async function trainToTheEnd(member: FederationMember): Promise<string[]> {
  const outcomes: string[] = [];
  for await (const { outcome } of member.train()) outcomes.push(outcome);
  return outcomes;
}
