import {
  AUDIT_OUTCOMES,
  type AuditConfiguration,
  type AuditOutcome,
  type AuditReport,
  compareBytes,
  decodeEnvelope,
  drawnHash,
  type Envelope,
  encodeAuditReport,
  encodeEnvelope,
  envelopeHash,
  envelopesRoot,
  type FederationConfiguration,
  sha256,
  signMessage,
  toBase58,
  toHex,
  ZERO_HASH,
} from "@plenary/protocol";
import nacl from "tweetnacl";
import { type AuditedUpdate, auditSeedOf, type SignedAuditReport } from "../audits.ts";
import { createCodec } from "../codecs/index.ts";
import type { Evaluate } from "../contribution/index.ts";
import { vectorRootFast } from "../kernels/index.ts";
import type { PublicRound, SignedUpdate } from "../replay.ts";
import type { RoundContext } from "../round.ts";
import { createStrategy, initialState } from "../strategies/index.ts";

/**
 * Rounds of real keys, signatures and payloads, made from a seed, for the tests of this package.
 */

const text = new TextEncoder();
export const hashOf = (name: string): Uint8Array => sha256(text.encode(name));

type Version1 = Extract<FederationConfiguration, { version: 1 }>;

export function configurationFixture(changes: Partial<Version1> = {}): Version1 {
  return {
    version: 1,
    name: "fixture",
    questionnaire: toHex(hashOf("questionnaire")),
    predictor: { name: "tilt" },
    training: {},
    initialModel: toHex(hashOf("model")),
    parameterCount: 150,
    strategy: { name: "fedavg" },
    aggregator: { name: "mean" },
    codecs: ["int8", "int32"],
    screening: { maxNorm: 0 },
    contribution: { name: "leave-one-out", heldOut: toHex(hashOf("held out")) },
    heldOut: null,
    limits: { maxUpdates: 16, maxWeight: 100_000, maxPayloadBytes: 1_000_000 },
    rounds: { quorum: 2, minimum: 1, deadlineSeconds: 60, graceSeconds: 60, total: 0 },
    rewardPerRound: "1000003",
    ...changes,
  };
}

/** Pseudo-random integers in +-bound from a name: the same on every machine. */
export function vectorFixture(name: string, length: number, bound: number): Int32Array {
  let state = new DataView(hashOf(name).buffer).getUint32(0, true);
  return Int32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.round((state / 2 ** 32 - 0.5) * 2 * bound);
  });
}

export function contextFixture(
  configuration: FederationConfiguration = configurationFixture(),
): RoundContext {
  const { parameterCount, strategy } = configuration;
  const stateLength = initialState(createStrategy(strategy), parameterCount).length;
  return {
    genesisHash: hashOf("genesis"),
    programId: hashOf("program"),
    federation: hashOf("federation"),
    round: 7n,
    configuration,
    seed: hashOf("seed"),
    auditDraw: null,
    previousManifest: hashOf("manifest 6"),
    base: vectorFixture("base", parameterCount, 2 ** 25),
    state: vectorFixture("state", stateLength, 2 ** 20),
    earned: [],
  };
}

/** A member's upload. Every part can be changed to make a wrong update. */
export interface UpdatePlan {
  readonly member: string;
  readonly delta: Int32Array;
  readonly weight?: number;
  readonly codec?: "int32" | "int8";
  readonly payload?: Uint8Array;
  readonly envelope?: Partial<Envelope>;
}

export interface UpdateFixture {
  readonly update: SignedUpdate;
  readonly envelope: Envelope;
  readonly payload: Uint8Array;
}

export function updateFixture(context: RoundContext, plan: UpdatePlan): UpdateFixture {
  const codec = createCodec({ name: plan.codec ?? "int8" });
  const payload = plan.payload ?? codec.encode(plan.delta);
  const decoded =
    plan.payload === undefined ? codec.decode(payload, plan.delta.length) : plan.delta;
  const envelope: Envelope = {
    genesisHash: context.genesisHash,
    programId: context.programId,
    federation: context.federation,
    round: context.round,
    member: hashOf(`member ${plan.member}`),
    baseRoot: vectorRootFast(context.base),
    sequence: 1n,
    codec: codec.id,
    payloadLength: payload.length,
    payloadHash: sha256(payload),
    weight: plan.weight ?? 100,
    deltaRoot: vectorRootFast(decoded),
    checkpointRoot:
      context.configuration.audits === undefined ? ZERO_HASH : hashOf(`checkpoints ${plan.member}`),
    ...plan.envelope,
  };
  const keys = nacl.sign.keyPair.fromSeed(hashOf(`key ${plan.member}`));
  const message = encodeEnvelope(envelope);
  const signature = signMessage(message, keys.secretKey);
  return { update: { signingKey: keys.publicKey, message, signature }, envelope, payload };
}

/** With audits, drawn for these updates. */
export function publicRound(
  context: RoundContext,
  fixtures: readonly UpdateFixture[],
): PublicRound {
  const payloads = new Map(fixtures.map(({ payload }) => [toHex(sha256(payload)), payload]));
  return {
    context: { ...context, auditDraw: drawFixture(context, fixtures) },
    updates: fixtures.map(({ update }) => update),
    payload: async (hash) => {
      const payload = payloads.get(toHex(hash));
      if (payload === undefined) throw new Error(`no payload ${toHex(hash)}`);
      return payload;
    },
  };
}

function drawFixture(
  { configuration }: RoundContext,
  fixtures: readonly UpdateFixture[],
): RoundContext["auditDraw"] {
  if (configuration.audits === undefined) return null;
  const slotHash = hashOf("audit slot");
  const hashes = auditedUpdates(fixtures)
    .toSorted((a, b) => compareBytes(a.member, b.member))
    .map((update) => update.envelopeHash);
  return { slotHash, drawn: drawnHash(slotHash, envelopesRoot(hashes)) };
}

function auditedUpdates(fixtures: readonly UpdateFixture[]): AuditedUpdate[] {
  return fixtures.map(({ envelope, update }) => ({
    member: envelope.member,
    envelopeHash: envelopeHash(update.message),
  }));
}

const AUDITOR = nacl.sign.keyPair.fromSeed(hashOf("auditor"));

/** The one auditor, drawn for every member of a round. */
export const AUDITS: AuditConfiguration = {
  auditors: [toBase58(AUDITOR.publicKey)],
  checkpointEvery: 2,
  membersPerRound: 16,
  segmentsPerMember: 2,
  mode: { name: "reproducible" },
  waitSeconds: 10,
};

/** The auditor's report about one of a round's updates. Every field can be changed. */
export function reportFixture(
  round: PublicRound,
  { envelope, update }: UpdateFixture,
  outcome: AuditOutcome,
  change: Partial<AuditReport> = {},
  secretKey = AUDITOR.secretKey,
): SignedAuditReport {
  const { context } = round;
  const audited = round.updates.map(({ message }) => ({
    member: decodeEnvelope(message).member,
    envelopeHash: envelopeHash(message),
  }));
  const message = encodeAuditReport({
    genesisHash: context.genesisHash,
    programId: context.programId,
    federation: context.federation,
    round: context.round,
    member: envelope.member,
    envelopeHash: envelopeHash(update.message),
    auditSeed: auditSeedOf(context, audited) ?? hashOf("none"),
    outcome: AUDIT_OUTCOMES[outcome],
    checkpoint: outcome === "failed" ? 2 : 0,
    auditor: AUDITOR.publicKey,
    ...change,
  });
  return { message, signature: signMessage(message, secretKey) };
}

/** A quadratic utility: minus the squared distance from a target model, in integers. */
export function distanceUtility(target: Int32Array): Evaluate {
  return async (model) => {
    let sum = 0n;
    model.forEach((entry, i) => {
      sum += BigInt(entry - target[i]!) ** 2n;
    });
    return -sum;
  };
}
