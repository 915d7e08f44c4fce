import {
  decodeEnvelope,
  type Envelope,
  envelopeHash,
  PlenaryError,
  toBase58,
  toHex,
  verifySignature,
} from "@plenary/protocol";
import { createAggregator } from "./aggregators/index.ts";
import { checkRoundAudits, isFailure, type SignedAuditReport } from "./audits.ts";
import { hashBlob } from "./blob-hash.ts";
import { completeRound } from "./complete-round.ts";
import type { Evaluate } from "./contribution/index.ts";
import { vectorRootFast } from "./kernels/index.ts";
import { REGISTRIES, type Registries } from "./registries.ts";
import type { CompletedRound, RoundContext, RoundUpdate } from "./round.ts";
import { checkEnvelope, decodeUpdate, screenUpdate, type UpdateBytes } from "./screening/index.ts";

/** An update as the manifest publishes it. */
export type SignedUpdate = Omit<RoundUpdate, "leaf">;

/** A round from public bytes alone. */
export interface PublicRound {
  readonly context: RoundContext;
  /** In any order. */
  readonly updates: readonly SignedUpdate[];
  /** The payload with this SHA-256; asked for one at a time. */
  readonly payload: (payloadHash: Uint8Array) => Promise<Uint8Array>;
  /** Auditors' reports as the manifest publishes them. */
  readonly audits?: readonly SignedAuditReport[];
}

/**
 * Computes a round again: checks every signature and envelope, screens, folds, completes. Throws
 * `verification-failed` if an update could not have had a receipt in this round (form, signature,
 * chain, round, base, codec, limits), and as screenUpdate and completeRound do.
 */
export async function replayRound(
  round: PublicRound,
  evaluate: Evaluate,
  registries: Registries = REGISTRIES,
): Promise<CompletedRound> {
  const { context } = round;
  const { configuration } = context;
  const aggregator = createAggregator(configuration.aggregator, registries.aggregators);
  const running = aggregator.incremental?.start(context.base.length);
  const baseRoot = vectorRootFast(context.base);
  const envelopes = round.updates.map((update) =>
    readEnvelope(context, baseRoot, update, registries),
  );
  const failed = failedAudits(round, envelopes);
  const updates: RoundUpdate[] = [];
  const envelopeOf = new Map<RoundUpdate, Envelope>();
  for (const [i, signed] of round.updates.entries()) {
    const envelope = envelopes[i]!;
    const auditFailed = failed.has(toHex(envelope.member));
    const input = { ...(await fetchUpdate(round, envelope)), auditFailed };
    const { leaf, delta } = screenUpdate(input, registries);
    const update = { ...signed, leaf };
    updates.push(update);
    envelopeOf.set(update, envelope);
    if (delta !== undefined) running?.fold(delta, leaf.weight);
  }
  const delta = async (update: RoundUpdate): Promise<Int32Array> =>
    decodeUpdate(await fetchUpdate(round, envelopeOf.get(update)!), registries);
  const audits = round.audits ?? [];
  return completeRound({ context, updates, running, delta, audits }, evaluate, registries);
}

async function fetchUpdate(round: PublicRound, envelope: Envelope): Promise<UpdateBytes> {
  const payload = await round.payload(envelope.payloadHash);
  return {
    configuration: round.context.configuration,
    envelope,
    payload,
    payloadHash: await hashBlob(payload),
  };
}

/** Members whose training an auditor's report refuses. */
function failedAudits(
  { context, updates, audits }: PublicRound,
  envelopes: readonly Envelope[],
): Set<string> {
  const audited = envelopes.map(({ member }, i) => ({
    member,
    envelopeHash: envelopeHash(updates[i]!.message),
  }));
  const reports = checkRoundAudits(context, audited, audits ?? []);
  return new Set(
    reports.filter(({ report }) => isFailure(report)).map(({ report }) => toHex(report.member)),
  );
}

function readEnvelope(
  context: RoundContext,
  baseRoot: Uint8Array,
  update: SignedUpdate,
  registries: Registries,
): Envelope {
  try {
    const envelope = decodeEnvelope(update.message);
    if (!verifySignature(update.message, update.signature, update.signingKey))
      throw new PlenaryError("signature-invalid", "The stated key did not sign this envelope.");
    checkEnvelope(envelope, { ...context, baseRoot }, context.configuration, registries);
    return envelope;
  } catch (cause) {
    if (!(cause instanceof PlenaryError)) throw cause;
    const signingKey = toBase58(update.signingKey);
    throw new PlenaryError(
      "verification-failed",
      `The update signed by ${signingKey} could not have been part of round ${context.round}: ${cause.message}`,
      { signingKey, reason: cause.code },
      { cause },
    );
  }
}
