import assert from "node:assert/strict";
import {
  PROGRAM_ID,
  readFederation,
  readRound,
  rewardClaim,
  roundAddress,
  sendTransaction,
  tokenAccountAddress,
} from "@plenary/chain";
import {
  type DisputeView,
  decodeEnvelope,
  ENDPOINTS,
  fromBase64,
  fromHex,
  parseManifest,
  type ReceiptView,
  type RoundManifest,
  type RoundView,
  toBase58,
  toHex,
} from "@plenary/protocol";
import { getAccount } from "@solana/spl-token";
import { Connection, PublicKey } from "@solana/web3.js";
import { readEvents, type ServerEvent, type TestClient } from "../actors/client.ts";
import type { TestFederation } from "../chain/federation.ts";
import type { TestUpdate } from "../chain/sign-update.ts";
import type { Stack } from "../stack/stack.ts";
import { PAUSE_MILLISECONDS, untilAnswered } from "../stack/until-answered.ts";
import { memberAt, type ScenarioKind } from "./federation.ts";

/**
 * What two runs of the same scenario must agree on. Members are named by their places, and
 * addresses are left out.
 */
export interface Outcome {
  readonly rounds: readonly unknown[];
  /** Rounds, also void ones, with their challenges and the events about them. */
  readonly told: unknown;
  readonly totals: unknown;
  readonly balances: readonly bigint[];
}

/** An update with its receipt. */
export interface Handed {
  readonly place: number;
  readonly round: bigint;
  readonly update: TestUpdate;
  readonly receipt: ReceiptView;
}

/** All events of a federation. */
export async function eventsUntil(
  client: TestClient,
  federation: TestFederation,
  isLast: (event: ServerEvent) => boolean,
): Promise<ServerEvent[]> {
  const events = await untilAnswered(() =>
    readEvents(client.origin, federation.address, "0", isLast),
  );
  assert.deepEqual(
    events.map(({ id }) => Number(id)),
    events.map((_, i) => i + 1),
    "events are numbered without gaps",
  );
  return events;
}

/**
 * Effects on chain of rounds with challenges: three of the round itself, the opening and the end of
 * each dispute, and one envelope that is shown.
 */
const CHALLENGED_EFFECTS: Readonly<Record<string, number>> = {
  "disputed 1": 3 + 3 * 2 + 1,
  // A dispute's own end comes first.
  "voided 1": 2 + 2,
  "voided 2": 3,
};

/** Each step of a round took effect on chain once. */
async function checkTransactions(
  stack: Stack,
  kind: ScenarioKind,
  round: RoundView,
): Promise<void> {
  const connection = new Connection(stack.rpcUrl, "confirmed");
  const found = await connection.getSignaturesForAddress(new PublicKey(round.address));
  const effects = found.filter(({ err }) => err === null).length;
  const steps = round.state === "void" ? 2 : kind === "audited" ? 4 : 3;
  const expected = CHALLENGED_EFFECTS[`${kind} ${round.number}`] ?? steps;
  assert.equal(effects, expected, `transactions of round ${round.number}`);
}

/**
 * Every round with its challenges as the service tells them once all have ended, and how often it
 * told each.
 */
async function toldOf(
  stack: Stack,
  client: TestClient,
  federation: TestFederation,
  kind: ScenarioKind,
  committed: readonly RoundView[],
): Promise<unknown> {
  const last = BigInt(committed.at(-1)?.number ?? 0n);
  const rounds = [];
  let ended = 0;
  for (let number = 1n; number <= last; number++) {
    const view = await untilAnswered(async () => {
      const found = await client.round(federation.address, number);
      return found.disputes.some(({ state }) => state !== "ended") ? undefined : found;
    });
    await checkTransactions(stack, kind, view);
    ended += view.disputes.length;
    rounds.push({
      number,
      state: view.state,
      disputes: view.disputes.map(comparableDispute).sort(),
    });
  }
  const evaluations = federation.configuration.heldOut === null ? 0 : committed.length;
  // The stream may break and start again.
  const resolved = new Set<string>();
  // The evaluation of a round whose worker died comes long after the round is final.
  const evaluated = new Set<string>();
  let isFinal = false;
  const events = await eventsUntil(client, federation, ({ id, type, round }) => {
    if (type === "dispute-resolved") resolved.add(id);
    if (type === "round-evaluated") evaluated.add(id);
    isFinal ||= type === "round-final" && round === last.toString();
    return isFinal && resolved.size >= ended && evaluated.size >= evaluations;
  });
  const told = events
    .map(({ type, round }) => `${type} ${round}`)
    .filter((text) => TOLD_ONCE.test(text));
  return { rounds, told: told.sort() };
}

const TOLD_ONCE = /^(dispute|round)-/;

function comparableDispute({ kind, subject, demanded, deposit, ending }: DisputeView): string {
  return JSON.stringify([kind, subject, demanded, deposit, ending?.verdict, ending?.fault?.name]);
}

/**
 * Every update with a receipt has a leaf, or a leaf with a higher sequence replaces it, and the
 * same envelope again brings the same receipt.
 */
export async function checkReceipts(
  client: TestClient,
  federation: TestFederation,
  committed: readonly RoundView[],
  handed: readonly Handed[],
): Promise<void> {
  for (const { round, update, receipt } of handed)
    assert.deepEqual(
      await untilAnswered(() => client.submit(federation.address, round, update)),
      receipt,
    );
  for (const view of committed) {
    const manifest = await manifestOf(client, federation, view);
    for (const { place, update } of handed.filter(({ round }) => round === BigInt(view.number))) {
      const member = toBase58(memberAt(federation, place).address);
      const leaf = manifest.updates.find((entry) => entry.member === member);
      assert.ok(leaf, `member ${place} has a receipt and no leaf in round ${view.number}`);
      const { sequence } = decodeEnvelope(fromBase64(leaf.envelope));
      assert.ok(sequence >= decodeEnvelope(update.message).sequence);
    }
  }
}

export async function outcomeOf(
  stack: Stack,
  client: TestClient,
  federation: TestFederation,
  kind: ScenarioKind,
  committed: readonly RoundView[],
): Promise<Outcome> {
  const connection = new Connection(stack.rpcUrl, "confirmed");
  const address = new PublicKey(federation.address);
  const rounds = [];
  for (const view of committed) {
    const account = await readRound(
      connection,
      roundAddress(PROGRAM_ID, address, BigInt(view.number)),
    );
    assert.ok(account);
    const manifest = await manifestOf(client, federation, view);
    assert.equal(view.manifest, toHex(account.manifestHash));
    assert.equal(view.nextRoot, toHex(account.nextRoot));
    const { status, updateCount, totalWeight, rewardCount, cumulativeRewards, nextStateRoot } =
      account;
    const { nextRoot } = view;
    rounds.push({
      ...{ status, updateCount, totalWeight, rewardCount, cumulativeRewards, nextRoot },
      nextStateRoot: toHex(nextStateRoot),
      manifest: comparable(federation, manifest),
      evaluation: await evaluationOf(client, federation, BigInt(view.number)),
    });
  }
  const told = await toldOf(stack, client, federation, kind, committed);
  const balances = await claimAll(connection, client, federation);
  const standing = await readFederation(connection, address);
  assert.ok(standing);
  const { promised, totalEarned, totalClaimed, stakes, bond } = standing;
  return { rounds, told, balances, totals: { promised, totalEarned, totalClaimed, stakes, bond } };
}

async function evaluationOf(
  client: TestClient,
  { address, configuration }: TestFederation,
  number: bigint,
) {
  if (configuration.heldOut === null) return null;
  return untilAnswered(async () => (await client.round(address, number)).evaluation ?? undefined);
}

async function manifestOf(
  client: TestClient,
  federation: TestFederation,
  { number }: RoundView,
): Promise<RoundManifest> {
  const params = { federation: toBase58(federation.address), round: number };
  return parseManifest(await untilAnswered(() => client.call(ENDPOINTS.manifestRead, { params })));
}

/** The manifest without what differs between runs: addresses, signatures, and hashes over them. */
function comparable(federation: TestFederation, manifest: RoundManifest) {
  const { base, next, stateBefore, stateAfter, totalWeight, cumulativeRewards, parameterCount } =
    manifest;
  const places = federation.members.map(({ address }) => toBase58(address));
  const byPlace = <T extends { readonly member: string }, R>(
    entries: readonly T[],
    pick: (entry: T) => R,
  ) => places.map((member) => entries.filter((entry) => entry.member === member).map(pick));
  return {
    ...{ base, next, stateBefore, stateAfter, totalWeight, cumulativeRewards, parameterCount },
    updates: byPlace(manifest.updates, ({ envelope, weight, reason }) => {
      const { sequence, payloadHash, deltaRoot } = decodeEnvelope(fromBase64(envelope));
      return {
        weight,
        reason,
        sequence,
        payloadHash: toHex(payloadHash),
        deltaRoot: toHex(deltaRoot),
      };
    }),
    scores: byPlace(manifest.scores, ({ score }) => score),
    rewards: byPlace(manifest.rewards, ({ cumulative }) => cumulative),
  };
}

/** Claims every member's pay with the service's proof, and resolves with their balances. */
export async function claimAll(
  connection: Connection,
  client: TestClient,
  federation: TestFederation,
): Promise<bigint[]> {
  const address = new PublicKey(federation.address);
  return Promise.all(
    federation.members.map(async (member) => {
      const params = { federation: toBase58(federation.address), member: toBase58(member.address) };
      const proof = await untilAnswered(() => client.call(ENDPOINTS.rewardRead, { params }));
      const payout = tokenAccountAddress(federation.mint, member.owner.publicKey);
      const claim = {
        federation: address,
        rewardMint: federation.mint,
        number: BigInt(proof.round),
        member: new PublicKey(member.address),
        payout,
        cumulative: BigInt(proof.cumulative),
        index: proof.index,
        path: proof.path.map((hash) => fromHex(hash)),
      };
      const options = { pollInterval: PAUSE_MILLISECONDS };
      await sendTransaction(
        connection,
        rewardClaim(PROGRAM_ID, claim),
        [federation.authority],
        options,
      );
      return (await getAccount(connection, payout)).amount;
    }),
  );
}
