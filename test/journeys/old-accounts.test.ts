/**
 * A program that was upgraded finds accounts of layout version 1. The service, the challengers and
 * the authority do what they always do, and need not know.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  disconnect,
  disputeOf,
  disputeOpen,
  readDispute,
  readFederation,
  readRound,
  roundAddress,
  sendTransaction,
  type Terms,
  TOKEN_PROGRAM,
} from "@plenary/chain";
import { EMPTY_ROOT } from "@plenary/protocol";
import { pauseFederation } from "@plenary/sdk";
import { Connection, Keypair, type PublicKey } from "@solana/web3.js";
import { downgraded } from "../../programs/plenary/testing/golden/downgraded.ts";
import { solanaLedger } from "../../services/aggregator/chain/solana-ledger.ts";
import { readSettings } from "../../services/localnet/config.ts";
import { startNode } from "../../services/localnet/node.ts";
import {
  type ChainFederation,
  chainPast,
  createChainFederation,
  digest,
} from "../../testing/index.ts";

const TERMS = { challengeWindow: 600, exitCooldown: 600, rewardPerRound: 0n };
const VERSION_AT = 8;

/** A federation on a node whose accounts can be rewritten, as only an older program wrote them. */
async function startOldChain(t: TestContext, changes: Partial<Terms> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "plenary-old-"));
  const settings = readSettings({ PLENARY_LOCALNET_PORT: "0", PLENARY_LOCALNET_LEDGER: folder });
  const fail = (error: unknown) => {
    throw error;
  };
  const node = await startNode(settings, { onInternalError: fail, onLedgerFailure: fail });
  const connection = new Connection(node.rpcUrl, "confirmed");
  t.after(async () => {
    disconnect(connection);
    await node.close();
    await rm(folder, { recursive: true, force: true });
  });
  const past = (time: bigint) => chainPast(connection, time);
  const chain = { connection, past, stop: async () => {} };
  const federation = await createChainFederation(chain, { ...TERMS, ...changes });
  const { machine } = node.bank;
  const account = (address: PublicKey) => {
    const found = machine.account(address.toBytes());
    assert.ok(found !== null);
    return found;
  };
  return {
    rpcUrl: node.rpcUrl,
    federation,
    version: (address: PublicKey) => account(address).data[VERSION_AT],
    downgrade(kind: "federation" | "round", address: PublicKey) {
      const present = account(address);
      const data = downgraded(kind, present.data);
      const lamports = machine.minimumBalance(data.length);
      machine.setAccount(address.toBytes(), { ...present, lamports, data });
    },
  };
}

function ledgerOf(rpcUrl: string, { program, aggregator }: ChainFederation) {
  return solanaLedger({
    rpcUrl,
    rpcWebSocketUrl: undefined,
    programId: program.toBytes(),
    aggregatorKey: aggregator.secretKey,
  });
}

const RESULT = {
  nextRoot: digest("model 1"),
  nextStateRoot: EMPTY_ROOT,
  updatesRoot: digest("updates"),
  updateCount: 1,
  totalWeight: 1,
  rewardsRoot: EMPTY_ROOT,
  rewardCount: 0,
  cumulativeRewards: 0n,
  manifestHash: digest("manifest"),
};

test("the service opens and commits rounds of a federation of version 1", async (t) => {
  const { rpcUrl, federation, version, downgrade } = await startOldChain(t);
  const { connection, program, address } = federation;
  const ledger = ledgerOf(rpcUrl, federation);
  const signed: string[] = [];
  const onSigned = async (signature: string) => void signed.push(signature);
  const base = { baseRoot: digest("model"), baseStateRoot: EMPTY_ROOT, collectSeconds: 60 };

  downgrade("federation", address);
  const opened = await ledger.openRound(address.toBytes(), { number: 1n, ...base }, onSigned);
  assert.equal(version(address), 2);
  assert.equal((await readFederation(connection, address))?.openRound, 1n);
  assert.equal(signed.at(-1), opened);

  const round = roundAddress(program, address, 1n);
  downgrade("federation", address);
  downgrade("round", round);
  const committed = await ledger.commitRound(address.toBytes(), 1n, RESULT, onSigned);
  assert.deepEqual([version(address), version(round)], [2, 2]);
  assert.equal((await readRound(connection, round))?.status, "committed");
  assert.equal(signed.at(-1), committed);
});

test("the service ends rounds of version 1: one is final, one void", async (t) => {
  const { rpcUrl, federation, version, downgrade } = await startOldChain(t, {
    ...{ challengeWindow: 1, grace: 1, exitCooldown: 1 },
  });
  const { connection, program, address } = federation;
  const ledger = ledgerOf(rpcUrl, federation);
  const onSigned = async () => {};
  const first = roundAddress(program, address, await federation.openRound());
  await federation.commitRound();
  const base = { baseRoot: digest("model 1"), baseStateRoot: EMPTY_ROOT, collectSeconds: 1 };
  await ledger.openRound(address.toBytes(), { number: 2n, ...base }, onSigned);
  const second = roundAddress(program, address, 2n);
  const open = await readRound(connection, second);
  assert.ok(open !== null);
  // The first round's challenge window, of a second, is over by then too.
  await federation.past(open.commitBy);
  for (const [round, status, end] of [
    [first, "final", () => ledger.finalizeRound(address.toBytes(), 1n, onSigned)],
    [second, "void", () => ledger.voidRound(address.toBytes(), 2n, onSigned)],
  ] as const) {
    downgrade("federation", address);
    downgrade("round", round);
    await end();
    assert.deepEqual([version(address), version(round)], [2, 2]);
    assert.equal((await readRound(connection, round))?.status, status);
  }
});

test("a challenger disputes a round of version 1", async (t) => {
  const { federation, version, downgrade } = await startOldChain(t);
  const { connection, program, address, rewardMint } = federation;
  const number = await federation.openRound();
  await federation.commitRound();
  const challenger = Keypair.generate();
  await federation.equip(challenger.publicKey, 10n);
  const round = roundAddress(program, address, number);
  downgrade("federation", address);
  downgrade("round", round);
  const subject = { kind: "chunk", index: 0 } as const;
  const open = disputeOpen(program, {
    ...{ federation: address, rewardMint, tokenProgram: TOKEN_PROGRAM, number, subject },
    challenger: challenger.publicKey,
    source: federation.tokensOf(challenger.publicKey),
  });
  await sendTransaction(connection, open, [challenger]);
  assert.deepEqual([version(address), version(round)], [2, 2]);
  const dispute = disputeOf(program, address, number, challenger.publicKey, subject);
  assert.equal((await readDispute(connection, dispute))?.kind, "chunk");
});

test("the authority pauses a federation of version 1; other refusals stay refusals", async (t) => {
  const { rpcUrl, federation, version, downgrade } = await startOldChain(t);
  const { connection, address, authority } = federation;
  downgrade("federation", address);
  await pauseFederation(federation, authority);
  assert.equal(version(address), 2);
  assert.equal((await readFederation(connection, address))?.paused, true);
  downgrade("federation", address);
  const open = { number: 1n, baseRoot: digest("model"), baseStateRoot: EMPTY_ROOT };
  await assert.rejects(
    ledgerOf(rpcUrl, federation).openRound(
      address.toBytes(),
      { ...open, collectSeconds: 60 },
      async () => {},
    ),
    { code: "transaction-failed", programError: "Paused" },
  );
});
