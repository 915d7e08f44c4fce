import assert from "node:assert/strict";
import { PROGRAM_ID } from "@plenary/chain";
import {
  AUDIT_OUTCOMES,
  ENDPOINTS,
  encodeAuditReport,
  fromHex,
  type RoundView,
  sha256,
  signMessage,
  toBase58,
  toBase64,
  ZERO_HASH,
} from "@plenary/protocol";
import { Refusal, type ServerEvent, type TestClient } from "../actors/client.ts";
import { updateFor } from "../actors/scenario.ts";
import type { TestFederation } from "../chain/federation.ts";
import type { TestUpdate } from "../chain/sign-update.ts";
import type { Stack } from "../stack/stack.ts";
import { untilAnswered } from "../stack/until-answered.ts";
import { CHEATED_ROUND, convict, disputeHonest, passWindows } from "./disputes.ts";
import {
  AUDITOR,
  isChallenged,
  MEMBERS,
  memberAt,
  ROUNDS,
  type ScenarioKind,
} from "./federation.ts";
import { checkReceipts, eventsUntil, type Handed, type Outcome, outcomeOf } from "./outcome.ts";
import { SeededDraws } from "./seeded-draws.ts";

/** Where a scenario is played. */
export interface Stage {
  readonly stack: Stack;
  readonly client: TestClient;
  /** Where the worker serves its metrics. */
  readonly metricsUrl: string;
}

export interface ScenarioPlan {
  readonly kind: ScenarioKind;
  readonly seed: number;
  /** Called in the middle of each round: one member has its receipt, and the others have none. */
  readonly disturb?: () => Promise<void>;
  /**
   * Whether the authority looks on; true by default. Its requests state a time, which a service
   * with a wrong clock refuses.
   */
  readonly isObserved?: boolean;
}

/**
 * Plays a federation to completion, with a service that may die at any time. The draws decide in
 * which order members send.
 */
export async function runScenario(
  stage: Stage,
  federation: TestFederation,
  { kind, seed, disturb = async () => {}, isObserved = true }: ScenarioPlan,
): Promise<Outcome> {
  const { stack, client } = stage;
  const draws = new SeededDraws(seed);
  const handed: Handed[] = [];
  await untilAnswered(async () => {
    await client.register(federation);
    return true;
  });
  let committed: RoundView[] = [];
  for (let number = 1n; committed.length < ROUNDS; number++) {
    const open = await untilAnswered(async () => {
      const view = await client.round(federation.address, number);
      return view.state === "opening" ? undefined : view;
    });
    const places = kind === "late" && number === 1n ? [0] : draws.shuffled([0, 1, 2]);
    const sent = await sendAll(client, federation, open, places, disturb);
    handed.push(...sent);
    if (kind === "audited") await auditAll(client, federation, number);
    const ended = await inState(
      client,
      federation,
      number,
      isChallenged(kind) ? "committed" : "final",
    );
    if (ended.state !== "void") committed.push(ended);
    if (kind === "voided" && number === CHEATED_ROUND + 1n) {
      await convict(stack, client, federation);
      committed = [];
    }
    await readEverything(client, federation, number, sent[0]?.place);
    if (isObserved) await observe(client, federation);
  }
  if (isChallenged(kind)) await settle(stage, federation, kind, committed);
  await checkReceipts(client, federation, committed, handed);
  return outcomeOf(stack, client, federation, kind, committed);
}

async function inState(
  client: TestClient,
  federation: TestFederation,
  number: bigint,
  state: "committed" | "final",
): Promise<RoundView> {
  return untilAnswered(async () => {
    const view = await client.round(federation.address, number);
    return view.state === state || view.state === "void" ? view : undefined;
  });
}

/** Challenges are opened and ended, until the rounds are final. */
async function settle(
  { stack, client, metricsUrl }: Stage,
  federation: TestFederation,
  kind: ScenarioKind,
  committed: readonly RoundView[],
): Promise<void> {
  if (kind === "disputed") await disputeHonest(stack, client, federation, 1n);
  await untilAnswered(async () => (await fetch(metricsUrl)).ok || undefined);
  await passWindows(stack, client, federation);
  for (const { number } of committed) {
    const { state } = await inState(client, federation, BigInt(number), "final");
    assert.equal(state, "final");
  }
}

/** Reads everything that people and programs read while rounds run. */
async function readEverything(
  client: TestClient,
  federation: TestFederation,
  number: bigint,
  sender: number | undefined,
): Promise<void> {
  const address = toBase58(federation.address);
  const member = toBase58(memberAt(federation, sender ?? 0).address);
  const [of, at] = [{ federation: address }, { federation: address, round: number.toString() }];
  await untilAnswered(() => client.call(ENDPOINTS.federationList, { params: {} }));
  await untilAnswered(() => client.call(ENDPOINTS.memberList, { params: of }));
  await untilAnswered(() => client.call(ENDPOINTS.memberRead, { params: { ...of, member } }));
  await untilAnswered(() => client.call(ENDPOINTS.roundList, { params: of }));
  await untilAnswered(() => client.call(ENDPOINTS.updateList, { params: at }));
  await untilAnswered(() => client.call(ENDPOINTS.equivocationList, { params: at }));
  if (sender !== undefined)
    await untilAnswered(() => client.call(ENDPOINTS.updateRead, { params: { ...at, member } }));
  await untilAnswered(async () => (await fetch(`${client.origin}/readyz`)).ok || undefined);
  const isLast = ({ type, round }: ServerEvent) =>
    round === number.toString() && ["round-committed", "round-void"].includes(type);
  await eventsUntil(client, federation, isLast);
}

/** Reads what the authority reads. */
async function observe(client: TestClient, { address, authority }: TestFederation): Promise<void> {
  const params = { federation: toBase58(address) };
  await untilAnswered(() => client.call(ENDPOINTS.operationsRead, { params, signer: authority }));
}

/**
 * The first member sends twice, and its second update replaces the first. It is never the last to
 * send, so that the round waits for the second update.
 */
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
    const receipt = await untilAnswered(() =>
      client.submit(federation.address, number, update),
    ).catch((error: unknown) => {
      // The deadline of a late round may come first. A member that has a receipt keeps it.
      if (error instanceof Refusal && error.code === "round-closed") return undefined;
      throw error;
    });
    if (receipt !== undefined) handed.push({ place, round: number, update, receipt });
  };
  const ordered = places.length > 1 && places.at(-1) === 0 ? [0, ...places.slice(0, -1)] : places;
  for (const place of ordered) {
    const member = memberAt(federation, place);
    const sign = (plan: Parameters<typeof updateFor>[4]) =>
      untilAnswered(() =>
        updateFor(client, federation, member, round, { change: { checkpointRoot }, ...plan }),
      );
    const update = await sign(place === 0 ? { sequence: 2n } : {});
    if (place === 0)
      await send(place, await sign({ delta: new Int32Array(federation.model.length).fill(99) }));
    if (place === 1) await sendDamaged(client, federation, number, update);
    await send(place, update);
    if (place === ordered[0]) await disturb();
    if (place === 0)
      await contradict(client, federation, number, await sign({ sequence: 2n, weight: 3 }));
  }
  return handed;
}

/**
 * Hands in a report about every member, twice, as an auditor does that got no answer. The second
 * member fails in the first round.
 */
async function auditAll(
  client: TestClient,
  federation: TestFederation,
  number: bigint,
): Promise<void> {
  const params = { federation: toBase58(federation.address), round: number.toString() };
  const { seed, audits } = await untilAnswered(() => client.call(ENDPOINTS.auditList, { params }));
  assert.equal(audits.length, MEMBERS);
  const { genesisHash } = await untilAnswered(() =>
    client.call(ENDPOINTS.serviceRead, { params: {} }),
  );
  for (const [place, { address }] of federation.members.entries()) {
    const member = toBase58(address);
    const { update } = await untilAnswered(() =>
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
      await untilAnswered(() => client.call(ENDPOINTS.auditReportSubmit, { params, body }));
  }
}

/** Bytes that are not those of the envelope: the service keeps nothing of them. */
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
  await assert.rejects(
    untilAnswered(ask),
    (error) => error instanceof Refusal && codes.includes(error.code),
  );
}
