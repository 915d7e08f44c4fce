/**
 * Disputes of a round on a real chain: withheld bytes cost the aggregator its bond, and a round
 * that is right costs the challenger its deposit.
 */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Proof, publishedUpdates } from "@plenary/algorithms";
import { readFederation, readRound, roundAddress, tokenAccountAddress } from "@plenary/chain";
import { equalBytes, PlenaryError, parseManifest, toHex } from "@plenary/protocol";
import {
  connectTo,
  type DisputeOutcome,
  disputeFinding,
  openAccess,
  openVerifier,
  readStatus,
  tokenBalance,
  type Verifier,
  verifyRound,
} from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { until } from "../../testing/index.ts";
import {
  type Founded,
  foundFederation,
  runMembers,
  STAKE,
  startGround,
} from "./local-federation.ts";

/**
 * Seconds: all disputes are opened in them, and the aggregator has as long to answer a demand. No
 * machine is slow enough to use them up.
 */
const WINDOW = 600;
const DEPOSIT = STAKE / 16n;
const ROUND = 1n;

test("a round that is right survives every dispute, until its bytes are withheld", async (t) => {
  const ground = await startGround(t, { hurried: true });
  const founded = await foundFederation(ground, { total: 1 }, WINDOW);
  await runMembers(ground, founded);
  const { rpcUrl: rpc, serviceUrl: service, program } = ground.stack;
  const connection = connectTo(rpc);
  const verifier = await openVerifier({ rpc, service });
  const readBond = async () => (await readFederation(connection, founded.address))?.bond;
  assert.equal(await readBond(), STAKE);

  for (const [proof, transactions] of [
    [{ kind: "chunk", chunk: 5 }, 6],
    [{ kind: "overpay" }, 3],
    // The service shows the envelope by itself.
    [{ kind: "leaf", index: 0 }, 2],
  ] as const)
    await t.test(`the dispute of its ${proof.kind} is lost with the deposit`, async () => {
      const bond = (await readBond()) ?? 0n;
      const { outcome, balance } = await dispute(verifier, founded, proof);
      assert.deepEqual([outcome.verdict, outcome.fault, outcome.reward], ["rejected", "none", 0n]);
      // The service may be the one that ends the dispute.
      assert.ok([transactions, transactions - 1].includes(outcome.costs.transactions));
      assert.equal(balance, STAKE - DEPOSIT);
      assert.equal(await readBond(), bond + DEPOSIT);
    });

  await t.test(
    "bytes withheld from strangers and shown to the chain cost the challenger its deposit",
    async () => {
      const bond = (await readBond()) ?? 0n;
      const round = await readRound(connection, roundAddress(program, founded.address, ROUND));
      assert.ok(round);
      const blind: Verifier = {
        ...verifier,
        blobs: {
          async download(hash, options) {
            if (!equalBytes(hash, round.manifestHash))
              return verifier.blobs.download(hash, options);
            throw new PlenaryError("not-found", "There is no such blob for you.");
          },
        },
      };
      const { finding, provable } = await verifyRound(blind, ROUND);
      assert.match(finding?.text ?? "", /^the manifest \w+ is missing/);
      assert.ok(provable);
      const { outcome, balance, events } = await dispute(blind, founded, provable);
      assert.equal(outcome.verdict, "rejected");
      // Two leaves, their chunks, and the chunks of base and next model.
      assert.equal(events.filter((type) => type === "dispute-step").length, 6);
      assert.equal(balance, STAKE - DEPOSIT);
      assert.equal(await readBond(), bond + DEPOSIT);
    },
  );

  await t.test("a finding that no dispute proves opens no dispute", async () => {
    const proof: Proof = { kind: "not-provable", why: "It is a score." };
    await assert.rejects(dispute(verifier, founded, proof), {
      code: "invalid-input",
      message: /a score/,
    });
  });

  await t.test("a challenger that cannot pay the deposit is told so", async () => {
    const challenger = Keypair.generate();
    const proof: Proof = { kind: "chunk", chunk: 0 };
    await assert.rejects(disputeFinding(verifier, { challenger, round: ROUND, proof }), {
      code: "invalid-input",
      message: /needs a deposit of 0\.3125 of the reward token/,
    });
  });

  await t.test(
    "bytes of an update that the service has lost are demanded, and cost it the bond",
    async () => {
      const bond = (await readBond()) ?? 0n;
      await rm(join(ground.blobs, await payloadOf(verifier)));
      const { finding, provable } = await verifyRound(verifier, ROUND);
      assert.equal(finding?.kind, "withheld", finding?.text);
      assert.ok(provable);
      // The demand is on chain by then, and the service cannot meet it.
      const onWaiting = () => ground.passTime(WINDOW);
      const { outcome, balance, events } = await dispute(verifier, founded, provable, onWaiting);
      assert.deepEqual([outcome.verdict, outcome.fault], ["upheld", "demand-unanswered"]);
      assert.ok(events.includes("dispute-waiting"));
      assert.equal(balance, STAKE + bond / 2n);
      assert.equal(await readBond(), 0n);
      const round = await readRound(connection, roundAddress(program, founded.address, ROUND));
      assert.equal(round?.status, "void");
    },
  );

  await t.test(
    "the federation's status lists each dispute, and why the bond was lost",
    async () => {
      const access = await openAccess({ rpc, service });
      const read = async () =>
        (await readStatus(access)).disputes.map(({ round, dispute }) => ({ round, ...dispute }));
      // The service follows the chain, which is ahead of it.
      let disputes = await read();
      await until("the service to see five endings", async () => {
        disputes = await read();
        return disputes.filter(({ ending }) => ending !== null).length >= 5;
      });
      assert.ok(
        disputes.every(({ round, deposit }) => round === ROUND && deposit === String(DEPOSIT)),
      );
      assert.deepEqual(disputes.map(({ kind, ending }) => `${kind} ${ending?.verdict}`).sort(), [
        "chunk rejected",
        "chunk rejected",
        "chunk upheld",
        "envelope rejected",
        "total rejected",
      ]);
      assert.deepEqual(disputes.at(-1)?.ending?.fault, {
        name: "demand-unanswered",
        text: "the aggregator did not show what was demanded",
      });
    },
  );

  async function payloadOf(source: Verifier): Promise<string> {
    const round = await readRound(connection, roundAddress(program, founded.address, ROUND));
    assert.ok(round);
    const bytes = await source.blobs.download(round.manifestHash);
    const updates = publishedUpdates(parseManifest(JSON.parse(new TextDecoder().decode(bytes))));
    return toHex(updates[1]?.leaf.payloadHash ?? new Uint8Array());
  }
});

/** A new stranger disputes the round; `balance` is what it holds of the reward token afterwards. */
async function dispute(
  verifier: Verifier,
  founded: Founded,
  proof: Proof,
  onWaiting = () => {},
): Promise<{ outcome: DisputeOutcome; balance: bigint; events: string[] }> {
  const challenger = Keypair.generate();
  await founded.equip(challenger.publicKey);
  const events: string[] = [];
  const outcome = await disputeFinding(verifier, {
    challenger,
    round: ROUND,
    proof,
    pollInterval: 500,
    onEvent({ type }) {
      events.push(type);
      if (type === "dispute-waiting") onWaiting();
    },
  });
  const tokens = tokenAccountAddress(founded.rewardMint, challenger.publicKey);
  return { outcome, balance: await tokenBalance(verifier.connection, tokens), events };
}
