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
  AUDIT_OUTCOMES,
  type AuditConfiguration,
  decodeEnvelope,
  ENDPOINTS,
  encodeAuditReport,
  fromBase64,
  fromHex,
  parseManifest,
  type ReceiptView,
  type RoundManifest,
  type RoundView,
  sha256,
  signMessage,
  toBase58,
  toBase64,
  toHex,
  ZERO_HASH,
} from "@plenary/protocol";
import { DEFAULT_PREDICTOR, DEFAULT_TRAINING } from "@plenary/training";
import { getAccount } from "@solana/spl-token";
import { Connection, Keypair, PublicKey } from "@solana/web3.js";
import { Refusal, readEvents, type ServerEvent, type TestClient } from "./client.ts";
import { createFederation, type TestFederation, type TestMember, type TestUpdate } from "./federation.ts";
import { updateFor } from "./scenario.ts";
import { SeededDraws } from "./seeded-draws.ts";
import type { Stack } from "./stack.ts";
import type { TestSurvey } from "./survey.ts";

/** Rounds that are committed and final in the end. */
const ROUNDS = 2;
const MEMBERS = 3;
const PAUSE_MILLISECONDS = 20;
/** A guard against a service that has stopped for good: far above what restarts take. */
const PATIENCE_MILLISECONDS = 90_000;

/**
 * `late`: the first round gets one update, is void at its deadline, and the next number takes the same updates. `audited`: one auditor
 * looks at everybody's training and refuses the second member's in the first round.
 */
export type ScenarioKind = "plain" | "late" | "audited";

export function foundCrashFederation(
  stack: Stack,
  kind: ScenarioKind,
  survey: TestSurvey,
): Promise<TestFederation> {
  const [deadlineSeconds, graceSeconds] = kind === "late" ? [4, 1] : [600, 600];
  return createFederation({
    rpcUrl: stack.rpcUrl,
    aggregator: stack.aggregator,
    members: MEMBERS,
    parameterCount: survey.predictor.parameterCount,
    blobs: survey.blobs,
    configuration: (defaults) => ({
      ...defaults,
      strategy: { name: "fedavgm", momentum: 30_000 },
      predictor: DEFAULT_PREDICTOR.tilt,
      questionnaire: survey.questionnaireHash,
      heldOut: survey.heldOutHash,
      // Fewer than all are never enough, so that what is committed depends on nobody's speed.
      rounds: {
        quorum: MEMBERS,
        minimum: kind === "audited" ? MEMBERS - 1 : MEMBERS,
        deadlineSeconds,
        graceSeconds,
        total: ROUNDS,
      },
      ...(kind === "audited" && { training: DEFAULT_TRAINING.tilt, audits: AUDITS }),
    }),
  });
}

/** What two runs of the same scenario must agree on, with members by their place and addresses left out. */
export interface Outcome {
  readonly rounds: readonly unknown[];
  readonly totals: unknown;
  readonly balances: readonly bigint[];
}

interface Handed {
  readonly place: number;
  readonly round: bigint;
  readonly update: TestUpdate;
  readonly receipt: ReceiptView;
}

export interface ScenarioPlan {
  readonly kind: ScenarioKind;
  readonly seed: number;
  /** Called in the middle of each round: one member has its receipt, the others have none. */
  readonly disturb?: () => Promise<void>;
  /** Whether the authority looks on, true by default: its requests state a time, which a service whose clock is wrong refuses. */
  readonly isObserved?: boolean;
}

/** Takes a federation to its end, with a service that may die at any time. The draws say in which order members send. */
export async function runScenario(
  stack: Stack,
  client: TestClient,
  federation: TestFederation,
  { kind, seed, disturb = async () => {}, isObserved = true }: ScenarioPlan,
): Promise<Outcome> {
  const draws = new SeededDraws(seed);
  const handed: Handed[] = [];
  await patiently(async () => {
    await client.register(federation);
    return true;
  });
  const committed: RoundView[] = [];
  for (let number = 1n; committed.length < ROUNDS; number++) {
    const open = await patiently(async () => {
      const view = await client.round(federation.address, number);
      return view.state === "opening" ? undefined : view;
    });
    const places = kind === "late" && number === 1n ? [0] : draws.shuffled([0, 1, 2]);
    const sent = await sendAll(client, federation, open, places, disturb);
    handed.push(...sent);
    if (kind === "audited") await auditAll(client, federation, number);
    const ended = await patiently(async () => {
      const view = await client.round(federation.address, number);
      return view.state === "final" || view.state === "void" ? view : undefined;
    });
    if (ended.state === "final") committed.push(ended);
    await checkTransactions(stack, kind, ended);
    await readEverything(client, federation, number, sent[0]?.place);
    if (isObserved) await observe(client, federation);
  }
  await checkReceipts(client, federation, committed, handed);
  return outcomeOf(stack, client, federation, committed);
}

/** What people and programs look at while rounds go on. */
async function readEverything(
  client: TestClient,
  federation: TestFederation,
  number: bigint,
  sender: number | undefined,
): Promise<void> {
  const address = toBase58(federation.address);
  const member = toBase58(memberAt(federation, sender ?? 0).address);
  const [of, at] = [{ federation: address }, { federation: address, round: number.toString() }];
  await patiently(() => client.call(ENDPOINTS.federationList, { params: {} }));
  await patiently(() => client.call(ENDPOINTS.memberList, { params: of }));
  await patiently(() => client.call(ENDPOINTS.memberRead, { params: { ...of, member } }));
  await patiently(() => client.call(ENDPOINTS.roundList, { params: of }));
  await patiently(() => client.call(ENDPOINTS.updateList, { params: at }));
  await patiently(() => client.call(ENDPOINTS.equivocationList, { params: at }));
  if (sender !== undefined)
    await patiently(() => client.call(ENDPOINTS.updateRead, { params: { ...at, member } }));
  await patiently(async () => (await fetch(`${client.origin}/readyz`)).ok || undefined);
  const isLast = ({ type, round }: ServerEvent) =>
    round === number.toString() && (type === "round-final" || type === "round-void");
  const events = await patiently(() => readEvents(client.origin, federation.address, "0", isLast));
  assert.deepEqual(
    events.map(({ id }) => Number(id)),
    events.map((_, i) => i + 1),
    "events are numbered without gaps",
  );
}

/** What the authority looks at. */
async function observe(client: TestClient, { address, authority }: TestFederation): Promise<void> {
  const params = { federation: toBase58(address) };
  await patiently(() => client.call(ENDPOINTS.operationsRead, { params, signer: authority }));
}

/** The first member sends twice: its second update replaces the first. Never last, so that the round waits for it. */
async function sendAll(
  client: TestClient,
  federation: TestFederation,
  round: RoundView,
  places: readonly number[],
  disturb: () => Promise<void>,
): Promise<Handed[]> {
  const handed: Handed[] = [];
  const number = BigInt(round.number);
  const audited = federation.configuration.audits !== undefined;
  const checkpointRoot = audited ? sha256(new TextEncoder().encode("checkpoints")) : ZERO_HASH;
  const send = async (place: number, update: TestUpdate) => {
    const receipt = await patiently(() => client.submit(federation.address, number, update)).catch(
      (error: unknown) => {
        // The deadline of a late round may come first; whoever has a receipt keeps it.
        if (error instanceof Refusal && error.code === "round-closed") return undefined;
        throw error;
      },
    );
    if (receipt !== undefined) handed.push({ place, round: number, update, receipt });
  };
  const ordered = places.length > 1 && places.at(-1) === 0 ? [0, ...places.slice(0, -1)] : places;
  for (const place of ordered) {
    const member = memberAt(federation, place);
    const sign = (plan: Parameters<typeof updateFor>[4]) =>
      patiently(() => updateFor(client, federation, member, round, { change: { checkpointRoot }, ...plan }));
    const update = await sign(place === 0 ? { sequence: 2n } : {});
    if (place === 0)
      await send(place, await sign({ delta: new Int32Array(federation.model.length).fill(99) }));
    if (place === 1) await sendDamaged(client, federation, number, update);
    await send(place, update);
    if (place === ordered[0]) await disturb();
    if (place === 0) await contradict(client, federation, number, await sign({ sequence: 2n, weight: 3 }));
  }
  return handed;
}

const AUDITOR = Keypair.generate();
const AUDITS: AuditConfiguration = {
  auditors: [AUDITOR.publicKey.toBase58()],
  checkpointEvery: 6,
  membersPerRound: MEMBERS,
  segmentsPerMember: 2,
  mode: { name: "reproducible" },
  waitSeconds: 500,
};

/** Hands in a report about every member, twice, as an auditor does that got no answer; the second member's first training fails. */
async function auditAll(client: TestClient, federation: TestFederation, number: bigint): Promise<void> {
  const params = { federation: toBase58(federation.address), round: number.toString() };
  const { seed, audits } = await patiently(() => client.call(ENDPOINTS.auditList, { params }));
  assert.equal(audits.length, MEMBERS);
  const { genesisHash } = await patiently(() => client.call(ENDPOINTS.serviceRead, { params: {} }));
  for (const [place, { address }] of federation.members.entries()) {
    const member = toBase58(address);
    const { update } = await patiently(() =>
      client.call(ENDPOINTS.updateRead, { params: { ...params, member } }),
    );
    const isFailed = place === 1 && number === 1n;
    const report = encodeAuditReport({
      genesisHash: fromHex(genesisHash),
      programId: PROGRAM_ID.toBytes(),
      federation: federation.address,
      round: number,
      member: address,
      envelopeHash: fromHex(update.envelopeHash),
      auditSeed: fromHex(seed),
      outcome: isFailed ? AUDIT_OUTCOMES.failed : AUDIT_OUTCOMES.passed,
      checkpoint: isFailed ? 2 : 0,
      auditor: AUDITOR.publicKey.toBytes(),
    });
    const body = {
      report: toBase64(report),
      signature: toBase64(signMessage(report, AUDITOR.secretKey)),
    };
    for (let time = 0; time < 2; time += 1)
      await patiently(() => client.call(ENDPOINTS.auditReportSubmit, { params, body }));
  }
}

/** Bytes that are not those of the envelope: nothing of them stays. */
async function sendDamaged(
  client: TestClient,
  federation: TestFederation,
  number: bigint,
  update: TestUpdate,
) {
  const payload = update.payload.map((byte) => byte ^ 1);
  await refusedWith(["payload-hash-mismatch", "round-closed"], () =>
    client.submit(federation.address, number, { ...update, payload }),
  );
}

/** A second envelope under a sequence that was used. */
async function contradict(
  client: TestClient,
  federation: TestFederation,
  number: bigint,
  update: TestUpdate,
) {
  await refusedWith(["equivocation", "round-closed"], () =>
    client.submit(federation.address, number, update),
  );
}

async function refusedWith(codes: readonly string[], ask: () => Promise<unknown>): Promise<void> {
  await assert.rejects(patiently(ask), (error) => error instanceof Refusal && codes.includes(error.code));
}

function memberAt(federation: TestFederation, place: number): TestMember {
  const member = federation.members[place];
  assert.ok(member);
  return member;
}

/** Each step of a round took effect on chain once. */
async function checkTransactions(stack: Stack, kind: ScenarioKind, round: RoundView): Promise<void> {
  const connection = new Connection(stack.rpcUrl, "confirmed");
  const found = await connection.getSignaturesForAddress(new PublicKey(round.address));
  const effects = found.filter(({ err }) => err === null).length;
  const steps = kind === "audited" ? 4 : 3;
  assert.equal(effects, round.state === "void" ? 2 : steps, `transactions of round ${round.number}`);
}

/** What has a receipt has a leaf, or one with a higher sequence, and the same envelope again brings the same receipt. */
async function checkReceipts(
  client: TestClient,
  federation: TestFederation,
  committed: readonly RoundView[],
  handed: readonly Handed[],
): Promise<void> {
  for (const { round, update, receipt } of handed)
    assert.deepEqual(await patiently(() => client.submit(federation.address, round, update)), receipt);
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

async function outcomeOf(
  stack: Stack,
  client: TestClient,
  federation: TestFederation,
  committed: readonly RoundView[],
): Promise<Outcome> {
  const connection = new Connection(stack.rpcUrl, "confirmed");
  const address = new PublicKey(federation.address);
  const rounds = [];
  for (const view of committed) {
    const account = await readRound(connection, roundAddress(PROGRAM_ID, address, BigInt(view.number)));
    assert.ok(account);
    const manifest = await manifestOf(client, federation, view);
    assert.equal(view.manifest, toHex(account.manifestHash));
    assert.equal(view.nextRoot, toHex(account.nextRoot));
    const { status, updateCount, totalWeight, rewardCount, cumulativeRewards, nextStateRoot } = account;
    const { nextRoot } = view;
    rounds.push({
      ...{ status, updateCount, totalWeight, rewardCount, cumulativeRewards, nextRoot },
      nextStateRoot: toHex(nextStateRoot),
      manifest: comparable(federation, manifest),
      evaluation: await patiently(
        async () => (await client.round(federation.address, BigInt(view.number))).evaluation ?? undefined,
      ),
    });
  }
  const balances = await claimAll(connection, client, federation);
  const standing = await readFederation(connection, address);
  assert.ok(standing);
  const { promised, totalEarned, totalClaimed, stakes, bond } = standing;
  return { rounds, balances, totals: { promised, totalEarned, totalClaimed, stakes, bond } };
}

async function manifestOf(
  client: TestClient,
  federation: TestFederation,
  { number }: RoundView,
): Promise<RoundManifest> {
  const params = { federation: toBase58(federation.address), round: number };
  return parseManifest(await patiently(() => client.call(ENDPOINTS.manifestRead, { params })));
}

/** The manifest without what is each run's own: addresses, signatures and what hashes over them. */
function comparable(federation: TestFederation, manifest: RoundManifest) {
  const { base, next, stateBefore, stateAfter, totalWeight, cumulativeRewards, parameterCount } = manifest;
  const places = federation.members.map(({ address }) => toBase58(address));
  const byPlace = <T extends { readonly member: string }, R>(entries: readonly T[], pick: (entry: T) => R) =>
    places.map((member) => entries.filter((entry) => entry.member === member).map(pick));
  return {
    ...{ base, next, stateBefore, stateAfter, totalWeight, cumulativeRewards, parameterCount },
    updates: byPlace(manifest.updates, ({ envelope, weight, reason }) => {
      const { sequence, payloadHash, deltaRoot } = decodeEnvelope(fromBase64(envelope));
      return { weight, reason, sequence, payloadHash: toHex(payloadHash), deltaRoot: toHex(deltaRoot) };
    }),
    scores: byPlace(manifest.scores, ({ score }) => score),
    rewards: byPlace(manifest.rewards, ({ cumulative }) => cumulative),
  };
}

/** Claims every member's pay with the service's proof; returns what lies in their accounts then. */
export async function claimAll(
  connection: Connection,
  client: TestClient,
  federation: TestFederation,
): Promise<bigint[]> {
  const address = new PublicKey(federation.address);
  return Promise.all(
    federation.members.map(async (member) => {
      const params = { federation: toBase58(federation.address), member: toBase58(member.address) };
      const proof = await patiently(() => client.call(ENDPOINTS.rewardRead, { params }));
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
      await sendTransaction(connection, rewardClaim(PROGRAM_ID, claim), [federation.authority], options);
      return (await getAccount(connection, payout)).amount;
    }),
  );
}

/** Asks again while the service is away or has no answer yet, as a member's client does. */
async function patiently<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  for (let last: unknown; ; ) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!isPassing(error)) throw error;
      last = error;
    }
    if (performance.now() > end) throw new Error("The service does not come to an end.", { cause: last });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
  }
}

/** A connection that broke, a service that cannot now, or a round that is not there yet. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Refusal)) return error instanceof Error && !(error instanceof assert.AssertionError);
  return error.status >= 500 || error.code === "not-found";
}
