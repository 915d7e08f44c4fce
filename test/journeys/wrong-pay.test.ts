/**
 * Pay that an aggregator moves, forgets or invents is named, proved and paid for: what members had
 * earned, and what a round pays in all.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFederation, readRound, roundAddress } from "@plenary/chain";
import { connectTo, disputeFinding, openVerifier, tokenBalance, verifyRound } from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import {
  bondAgain,
  createToken2022Mint,
  foundFederation,
  openGround,
  runMembers,
  STAKE,
} from "./local-federation.ts";

const MEMBERS = 3;
/**
 * Each round builds on the one before, so the last one is disputed first: it takes no other down
 * with it.
 */
const WRONG = [
  {
    round: 4n,
    cheat: "total",
    kind: "overpay",
    text: /^the rewards leaves add up to \d+, the round says \d+$/,
    fault: "total-mismatch",
    steps: ["rewards"],
  },
  {
    round: 3n,
    cheat: "dropped",
    kind: "shortfall",
    text: /^member \w+ had earned \d+ and has no leaf in the rewards tree any more$/,
    fault: "reward-fell",
    // The leaves before and after the place where it would be.
    steps: ["neighbour", "neighbour"],
  },
  {
    round: 2n,
    cheat: "shortfall",
    kind: "shortfall",
    text: /^member \w+ had earned \d+ and is paid less than before: \d+$/,
    fault: "reward-fell",
    steps: ["neighbour"],
  },
] as const;

test("pay that is lowered, dropped or invented costs the aggregator its bond", async (t) => {
  const cheats = WRONG.map(({ round, cheat }) => `${round}:${cheat}`);
  const { ground, close } = await openGround({
    worker: ["services/aggregator/testing/actors/cheating-worker.ts", ...cheats],
  });
  t.after(close);
  // Here bonds, deposits and rewards of disputes are in Token-2022. Where chunks are disputed they
  // are in SPL Token.
  const rounds = { total: 4 };
  const founded = await foundFederation(
    ground,
    rounds,
    600,
    { quorum: MEMBERS },
    createToken2022Mint,
  );
  await runMembers(ground, founded, MEMBERS);
  const { rpcUrl: rpc, serviceUrl: service, program } = ground.stack;
  const connection = connectTo(rpc);
  const verifier = await openVerifier({ rpc, service });
  assert.equal((await verifyRound(verifier, 1n)).valid, true);

  for (const { round, cheat, kind, text, fault, steps } of WRONG) {
    await t.test(`${cheat}: round ${round} is wrong, void, and paid for`, async () => {
      const { valid, finding, provable } = await verifyRound(verifier, round);
      assert.equal(valid, false);
      assert.equal(finding?.kind, kind, finding?.text);
      assert.match(finding?.text ?? "", text);
      assert.deepEqual(provable, finding);

      const bond = (await readFederation(connection, founded.address))?.bond ?? 0n;
      const challenger = Keypair.generate();
      await founded.equip(challenger.publicKey);
      const taken: string[] = [];
      const outcome = await disputeFinding(verifier, {
        challenger,
        round,
        proof: finding,
        pollInterval: 500,
        onEvent: (event) => event.type === "dispute-step" && taken.push(event.step),
      });
      assert.deepEqual([outcome.verdict, outcome.fault], ["upheld", fault]);
      assert.deepEqual([outcome.reward, outcome.toVault], [bond / 2n, bond / 2n]);
      assert.deepEqual(taken, steps);
      const account = await readRound(connection, roundAddress(program, founded.address, round));
      assert.equal(account?.status, "void");
      // The deposit is back, with half of the bond.
      const balance = await tokenBalance(connection, founded.tokensOf(challenger.publicKey));
      assert.ok(bond > 0n);
      assert.equal(balance, STAKE + bond / 2n);
      const federation = await readFederation(connection, founded.address);
      assert.equal(federation?.bond, 0n);
      assert.ok(federation.pending.includes(round - 1n));
    });
    await bondAgain(ground, founded, STAKE * round);
  }
});
