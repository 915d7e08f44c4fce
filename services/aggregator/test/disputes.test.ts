import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type PublishedUpdate, publishedUpdates, updateLeafProof } from "@plenary/algorithms";
import { PROGRAM_ID, readFederation, readRound, roundAddress } from "@plenary/chain";
import { ENDPOINTS, parseManifest, toBase58 } from "@plenary/protocol";
import { Connection, PublicKey } from "@solana/web3.js";
import { until } from "../../../testing/index.ts";
import { solanaLedger } from "../chain/solana-ledger.ts";
import { DemandingChallenger } from "../testing/actors/challenger.ts";
import { clientOf, readEvents, type TestClient } from "../testing/actors/client.ts";
import { submitAll, updateFor, waitForEvent } from "../testing/actors/scenario.ts";
import { createFederation, type TestFederation } from "../testing/chain/federation.ts";
import { CHALLENGE_SECONDS, hurryToTheEnd, passWindows } from "../testing/crash/disputes.ts";
import { claimAll } from "../testing/crash/outcome.ts";
import { type BreakingProcess, startBreaking } from "../testing/faults/breaking-process.ts";
import { freePort } from "../testing/stack/processes.ts";
import { type Stack, startStack } from "../testing/stack/stack.ts";

/** Three chunks, the last one not full. */
const PARAMETERS = 130;
const BOND = 1_000n;
const DEPOSIT = 6n;
/** The points at which the worker's successive lives end. */
const DEATHS = [
  "store.disputes/insert/after",
  "store.disputes/demand/before",
  "ledger/answerDispute/before",
  "chain/sendTransaction/after",
  "ledger/answerDispute/after",
  "store.disputes/answer/after",
  "ledger/resolveDispute/after",
];

describe("an honest round of which challengers demand everything", () => {
  let stack: Stack;
  let client: TestClient;
  let connection: Connection;
  let worker: BreakingProcess;
  let workerPort: number;
  let federation: TestFederation;
  let updates: PublishedUpdate[];

  before(async () => {
    stack = await startStack({ redis: true, hurried: true });
    connection = new Connection(stack.rpcUrl, "confirmed");
    const port = await freePort();
    workerPort = await freePort();
    const settings = { PLENARY_WORKER_PORT: String(workerPort) };
    [, worker] = await Promise.all([
      stack.startServer(port),
      startBreaking(join(stack.folder, "faults"), (plan) =>
        stack.startWorker(settings, { faults: plan }),
      ),
    ]);
    client = clientOf(`http://127.0.0.1:${port}`);
    federation = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 3,
      parameterCount: PARAMETERS,
      challengeWindow: CHALLENGE_SECONDS,
      configuration: (defaults) => ({
        ...defaults,
        strategy: { name: "fedavgm", momentum: 30_000 },
      }),
    });
    await client.register(federation);
    await waitForEvent(client, federation, "round-opened", 1n);
    const round = await client.round(federation.address, 1n);
    for (const [place, member] of federation.members.entries()) {
      const codec = place === 0 ? "int8" : "int32";
      const update = await updateFor(client, federation, member, round, {
        codec,
        weight: place + 1,
      });
      await client.submit(federation.address, 1n, update);
    }
    await waitForEvent(client, federation, "round-committed", 1n);
    const params = { federation: toBase58(federation.address), round: "1" };
    updates = publishedUpdates(
      parseManifest(await client.call(ENDPOINTS.manifestRead, { params })),
    );
  });
  after(async () => {
    await worker.stop();
    await stack.stop();
  });

  const account = async () => {
    const found = await readFederation(connection, new PublicKey(federation.address));
    assert.ok(found);
    return found;
  };

  test("the service answers each, killed at every step, wins every dispute, and the round becomes final", async () => {
    assert.equal((await account()).bond, BOND);
    const [first, second] = await Promise.all([
      DemandingChallenger.appear(stack.rpcUrl, federation),
      DemandingChallenger.appear(stack.rpcUrl, federation),
    ]);
    const leaves = updates.map(({ leaf }) => leaf);
    const envelope = { kind: "envelope", proof: updateLeafProof(leaves, 1) } as const;
    worker.give(
      DEATHS.map((point) => ({
        faults: [{ point, occurrence: 1, action: "kill" }],
        clockOffset: 0,
      })),
    );
    const [chunk, total, shown] = await Promise.all([
      first.open(1n, { kind: "chunk", index: 2 }),
      second.open(1n, { kind: "total" }),
      second.open(1n, envelope),
    ]);
    const [demanded] = await Promise.all([
      Promise.all([
        first.demandAll(chunk, updates),
        second.demandAll(total, updates),
        second.demandAll(shown, updates),
      ]),
      hurryToTheEnd(stack, [chunk, total, shown]),
    ]);
    assert.deepEqual(demanded, [
      [
        ...["leaf 0", "delta 1", "leaf 1", "delta 2", "leaf 2", "delta 3"],
        ...["base 3", "next 3", "baseState 3", "nextState 3"],
      ],
      ["leaf 0", "leaf 1", "leaf 2"],
      // Opening it demands the envelope.
      [],
    ]);
    await passWindows(stack, client, federation);
    await waitForEvent(client, federation, "round-final", 1n);
    assert.deepEqual(
      worker.deaths.map(({ point }) => point),
      DEATHS,
    );
    const round = await readRound(
      connection,
      roundAddress(PROGRAM_ID, new PublicKey(federation.address), 1n),
    );
    assert.equal(round?.openDisputes, 0);
    const after = await account();
    assert.equal(after.bond, BOND + 3n * DEPOSIT);
    assert.equal(after.deposits, 0n);
    assert.ok((await claimAll(connection, client, federation)).every((balance) => balance > 0n));
  });

  test("a reader of the round sees that each was rejected, and in which transaction", async () => {
    const { disputes } = await client.round(federation.address, 1n);
    assert.deepEqual(disputes.map(({ kind, subject }) => `${kind} ${subject}`).sort(), [
      "chunk 2",
      "envelope 1",
      "total 0",
    ]);
    for (const { state, demanded, deposit, ending } of disputes) {
      assert.deepEqual([state, demanded, deposit], ["ended", null, DEPOSIT.toString()]);
      assert.deepEqual([ending?.verdict, ending?.fault], ["rejected", null]);
      const transaction = await connection.getTransaction(ending?.transaction ?? "", {
        commitment: "confirmed",
        maxSupportedTransactionVersion: 0,
      });
      assert.match(transaction?.meta?.logMessages?.join("\n") ?? "", /DisputeResolve/);
    }
  });

  test("each dispute and each answer is told once, in events and in metrics", async () => {
    const events = await readEvents(
      client.origin,
      federation.address,
      "0",
      ({ type }) => type === "round-final",
    );
    const count = (wanted: string) =>
      events.filter(({ type, round }) => type === wanted && round === "1").length;
    assert.deepEqual(["dispute-opened", "dispute-answered", "dispute-resolved"].map(count), [
      3,
      10 + 3 + 1,
      3,
    ]);
    const metrics = await (await fetch(`http://127.0.0.1:${workerPort}/metrics`)).text();
    const value = (name: string) => metrics.match(new RegExp(`^${name} (\\d+)$`, "m"))?.[1];
    assert.deepEqual(
      ["plenary_disputes_open", "plenary_demands_answered", "plenary_demands_failed"].map(value),
      ["0", "14", "0"],
    );
  });

  test("a dispute that the service has lost ends with the challenger being paid", async () => {
    const federation = await createFederation({
      rpcUrl: stack.rpcUrl,
      aggregator: stack.aggregator,
      members: 1,
      parameterCount: PARAMETERS,
      challengeWindow: CHALLENGE_SECONDS,
    });
    await client.register(federation);
    const challenger = await DemandingChallenger.appear(stack.rpcUrl, federation);
    await submitAll(client, federation, 1n);
    await waitForEvent(client, federation, "round-committed", 1n);
    await worker.stop();
    const dispute = await challenger.open(1n, { kind: "chunk", index: 0 });
    await challenger.demandNext(dispute);
    const ledger = solanaLedger({
      rpcUrl: stack.rpcUrl,
      rpcWebSocketUrl: undefined,
      programId: PROGRAM_ID.toBytes(),
      aggregatorKey: stack.aggregator.secretKey,
    });
    const [lost] = await ledger.disputes(federation.address);
    const demandedUntil = lost?.demandedUntil;
    assert.ok(lost && demandedUntil);
    stack.passTime(CHALLENGE_SECONDS + 1);
    await until("the end of the demand", async () => (await ledger.now()) > demandedUntil);
    assert.equal(await ledger.resolveDispute(federation.address, 1n, lost, false), false);
    assert.equal((await ledger.disputes(federation.address)).length, 1);
    const before = await challenger.balance();
    assert.equal(await ledger.resolveDispute(federation.address, 1n, lost, true), true);
    // Half of the bond, and the deposit back.
    assert.equal(await challenger.balance(), before + BOND / 2n + DEPOSIT);
    const [newest] = await connection.getSignaturesForAddress(dispute, {}, "confirmed");
    const ending = {
      verdict: "upheld",
      fault: "demand-unanswered",
      transaction: newest?.signature,
    };
    assert.deepEqual(await ledger.disputeEnding(lost.address, lost.openedAt), ending);
    // A dispute that was opened later at the same address has not ended with it.
    assert.equal(await ledger.disputeEnding(lost.address, lost.openedAt + 3_600_000), null);
    await stack.startWorker();
    await waitForEvent(client, federation, "round-void", 1n);
  });
});
