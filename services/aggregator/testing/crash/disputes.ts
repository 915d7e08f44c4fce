import assert from "node:assert/strict";
import {
  decodeUpdate,
  type PublishedUpdate,
  publishedUpdates,
  updateLeafProof,
} from "@plenary/algorithms";
import {
  bondDeposit,
  missingPiece,
  PROGRAM_ID,
  readChainTime,
  readDispute,
  readFederation,
  sendTransaction,
  tokenAccountAddress,
} from "@plenary/chain";
import {
  ENDPOINTS,
  parseManifest,
  type RoundManifest,
  toBase58,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import { Connection, PublicKey } from "@solana/web3.js";
import { until } from "../../../../testing/index.ts";
import { DemandingChallenger } from "../actors/challenger.ts";
import type { TestClient } from "../actors/client.ts";
import { BOND, type TestFederation } from "../chain/federation.ts";
import type { Stack } from "../stack/stack.ts";
import { untilAnswered } from "../stack/until-answered.ts";

/**
 * Also the time for each answer: no restart takes as long. While nothing waits for an answer, the
 * chain's clock is put ahead.
 */
export const CHALLENGE_SECONDS = 300;
/** Three chunks. The worker cheats with the last integer of the third. */
export const CHEATED_PARAMETERS = 130;
export const CHEATED_ROUND = 1n;
const CHEATED_CHUNK = 2;
/** The worker's cheats. Models that do not have the integer stay right. */
export const CHEATS: readonly string[] = [`${CHEATED_ROUND}:integer:${CHEATED_PARAMETERS - 1}`];
const DEPOSIT = 6n;
/**
 * The service ends a dispute 10 seconds after it could be ended. Slow enough that what it signs
 * stays valid for some seconds.
 */
const HURRY_SECONDS = 5;
const HURRY = { seconds: 240, pollMilliseconds: 500 };

/** A round as the service shows it, decoded. */
interface Shown {
  readonly manifest: RoundManifest;
  readonly updates: readonly PublishedUpdate[];
  readonly deltas: readonly Int32Array[];
}

/**
 * Challenges an honest round in three ways at once: the sum of its pay (every leaf is demanded),
 * the envelope of one leaf, and a chunk (the chunks of models and states are demanded). Resolves
 * when the service has answered everything and has ended the disputes.
 */
export async function disputeHonest(
  stack: Stack,
  client: TestClient,
  federation: TestFederation,
  round: bigint,
): Promise<void> {
  const challenger = await DemandingChallenger.appear(stack.rpcUrl, federation);
  const { updates, deltas } = await readShown(client, federation, round);
  const leaves = updates.map(({ leaf }) => leaf);
  const envelope = { kind: "envelope", proof: updateLeafProof(leaves, 1) } as const;
  const chunk = await challenger.open(round, { kind: "chunk", index: 0 });
  await challenger.foldAll(chunk, updates, deltas);
  const disputes = [
    chunk,
    await challenger.open(round, { kind: "total" }),
    await challenger.open(round, envelope),
  ];
  const [demanded] = await Promise.all([
    Promise.all(disputes.map((dispute) => challenger.demandAll(dispute, updates))),
    hurryToTheEnd(stack, disputes),
  ]);
  assert.deepEqual(demanded, [
    ["base 3", "next 3", "baseState 3", "nextState 3"],
    ["leaf 0", "leaf 1", "leaf 2"],
    [],
  ]);
  assert.equal(await readBond(stack, federation), BOND + BigInt(disputes.length) * DEPOSIT);
}

/** Lets time pass while nothing is demanded, until the disputes are gone. */
export async function hurryToTheEnd(stack: Stack, disputes: readonly PublicKey[]): Promise<void> {
  const connection = new Connection(stack.rpcUrl, "confirmed");
  const look = async () => {
    const found = await Promise.all(disputes.map((address) => readDispute(connection, address)));
    const open = found.filter((dispute) => dispute !== null);
    if (open.length === 0) return true;
    const waiting = open.filter(
      (dispute) =>
        dispute.demandDeadline !== 0n ||
        (dispute.decided === null && missingPiece(dispute) !== null),
    );
    if (waiting.length === 0) stack.passTime(HURRY_SECONDS);
    return false;
  };
  await until("the end of the disputes", look, HURRY);
}

/**
 * Proves the cheated round wrong from what the service shows, and is paid half of the bond. Waits
 * until the service has dropped the round and the one above it and cannot open another; then
 * deposits a bond again.
 */
export async function convict(
  stack: Stack,
  client: TestClient,
  federation: TestFederation,
): Promise<void> {
  const challenger = await DemandingChallenger.appear(stack.rpcUrl, federation);
  const { manifest, updates, deltas } = await readShown(client, federation, CHEATED_ROUND);
  const before = await challenger.balance();
  const dispute = await challenger.open(CHEATED_ROUND, { kind: "chunk", index: CHEATED_CHUNK });
  await challenger.foldAll(dispute, updates, deltas);
  const vectors = [
    ["base", manifest.base.blob],
    ["next", manifest.next.blob],
    ["baseState", manifest.stateBefore.blob],
    ["nextState", manifest.stateAfter.blob],
  ] as const;
  for (const [vector, hash] of vectors)
    await challenger.show(dispute, vector, vectorFromBytes(await readBlob(client, hash)));
  await challenger.collect(CHEATED_ROUND, dispute);
  assert.equal(await challenger.balance(), before + BOND / 2n);
  assert.equal(await readBond(stack, federation), 0n);
  for (const number of [CHEATED_ROUND, CHEATED_ROUND + 1n])
    await untilAnswered(
      async () => (await client.round(federation.address, number)).state === "void" || undefined,
    );
  const params = { federation: toBase58(federation.address) };
  await untilAnswered(async () => {
    const { transactions } = await client.call(ENDPOINTS.operationsRead, {
      params,
      signer: federation.authority,
    });
    return (
      transactions.some(({ kind, lastError }) => kind === "open" && lastError !== null) || undefined
    );
  });
  await bondAgain(stack, federation);
}

/**
 * Lets the challenge windows of all committed rounds pass while the service has nothing to sign,
 * and then has it look at once.
 */
export async function passWindows(
  stack: Stack,
  client: TestClient,
  { address, authority }: TestFederation,
): Promise<void> {
  const connection = new Connection(stack.rpcUrl, "confirmed");
  const ended = (await readChainTime(connection)) + BigInt(CHALLENGE_SECONDS);
  stack.passTime(CHALLENGE_SECONDS);
  // It looks once, and before the chain's next slot it would find the windows open.
  await until("the windows to end", async () => (await readChainTime(connection)) >= ended, HURRY);
  const params = { federation: toBase58(address) };
  await untilAnswered(async () => {
    await client.call(ENDPOINTS.operationsRetry, { params, signer: authority });
    return true;
  });
}

async function readShown(
  client: TestClient,
  federation: TestFederation,
  round: bigint,
): Promise<Shown> {
  const { configuration } = federation;
  const params = { federation: toBase58(federation.address), round: round.toString() };
  const manifest = parseManifest(
    await untilAnswered(() => client.call(ENDPOINTS.manifestRead, { params })),
  );
  const updates = publishedUpdates(manifest);
  const deltas = [];
  for (const { envelope, leaf } of updates) {
    const payload = await readBlob(client, toHex(leaf.payloadHash));
    deltas.push(decodeUpdate({ configuration, envelope, payload }));
  }
  return { manifest, updates, deltas };
}

function readBlob(client: TestClient, hash: string): Promise<Uint8Array> {
  return untilAnswered(() => client.call(ENDPOINTS.blobRead, { params: { hash } }));
}

async function readBond(stack: Stack, { address }: TestFederation): Promise<bigint | undefined> {
  const connection = new Connection(stack.rpcUrl, "confirmed");
  return (await readFederation(connection, new PublicKey(address)))?.bond;
}

async function bondAgain(
  { rpcUrl, aggregator }: Stack,
  { address, mint }: TestFederation,
): Promise<void> {
  const deposit = {
    federation: new PublicKey(address),
    rewardMint: mint,
    aggregator: aggregator.publicKey,
    source: tokenAccountAddress(mint, aggregator.publicKey),
    amount: BOND,
  };
  await sendTransaction(new Connection(rpcUrl, "confirmed"), bondDeposit(PROGRAM_ID, deposit), [
    aggregator,
  ]);
}
