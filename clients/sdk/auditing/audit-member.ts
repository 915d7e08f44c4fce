import {
  AUDIT_OUTCOMES,
  decodeEnvelope,
  drawSegments,
  ENDPOINTS,
  encodeAuditReport,
  envelopeHash,
  equalBytes,
  fromBase58,
  PlenaryError,
  type RoundAuditsView,
  segmentCount,
  signMessage,
  toBase58,
  toBase64,
} from "@plenary/protocol";
import {
  type AuditFinding,
  auditTraining,
  type EngineName,
  openEngine,
  parseTrainingSettings,
} from "@plenary/training";
import type { Keypair } from "@solana/web3.js";
import type { FederationContext } from "../access/index.ts";
import type { AuditBundle } from "./audit-bundle.ts";
import { type DrawnUpdate, type RoundDraw, readRoundDraw } from "./round-draw.ts";

/** How an audit runs the drawn segments of training again. */
export interface AuditOptions {
  /**
   * Engine for audits with a tolerance, `native` by default. Audits that compare bits run on
   * `wasm`.
   */
  readonly engine?: EngineName | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A report that its auditor has signed, ready to be handed in. */
export interface AuditVerdict {
  readonly round: bigint;
  readonly member: string;
  readonly segments: readonly number[];
  readonly finding: AuditFinding;
  readonly report: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Audits what a member has shown, on the draw that the chain binds, and signs the result. Throws
 * `not-authority` if this auditor was not drawn for the member, `verification-failed` if the bundle
 * is about another update than the draw, and the errors of `readRoundDraw`.
 */
export async function auditMember(
  context: FederationContext,
  bundle: AuditBundle,
  auditor: Keypair,
  options: AuditOptions = {},
): Promise<AuditVerdict> {
  if (bundle.federation !== context.address.toBase58())
    throw new PlenaryError(
      "verification-failed",
      `The bundle is for the federation ${bundle.federation}.`,
      {
        federation: bundle.federation,
      },
    );
  const draw = await readRoundDraw(context, bundle.round, options.signal);
  const drawn = requireDrawn(draw, bundle.member, auditor);
  if (!equalBytes(drawn.envelopeHash, envelopeHash(bundle.envelope)))
    throw new PlenaryError(
      "verification-failed",
      `The bundle's envelope is not the update of ${bundle.member} that was drawn.`,
      { member: bundle.member },
    );
  const { configuration, registries } = context;
  const segments = segmentsOf(context, draw, bundle.member);
  const engine = await openEngine(
    draw.audits.mode.name === "reproducible" ? "wasm" : (options.engine ?? "native"),
  );
  try {
    const finding = await auditTraining({
      evidence: bundle.evidence,
      envelope: decodeEnvelope(bundle.envelope),
      configuration,
      predictor: draw.predictor,
      base: draw.base,
      segments,
      engine,
      registries,
    });
    return signFinding(context, draw, drawn, segments, finding, auditor);
  } finally {
    await engine.close();
  }
}

/** Signs that a drawn member did not show its training. Throws the errors of `auditMember`. */
export async function reportRefusal(
  context: FederationContext,
  round: bigint,
  member: string,
  auditor: Keypair,
  signal?: AbortSignal,
): Promise<AuditVerdict> {
  const draw = await readRoundDraw(context, round, signal);
  const drawn = requireDrawn(draw, member, auditor);
  const text = "The member did not show its training.";
  const segments = segmentsOf(context, draw, member);
  return signFinding(
    context,
    draw,
    drawn,
    segments,
    { outcome: "refused", checkpoint: 0, text },
    auditor,
  );
}

/** Hands a report in. Handing it in again changes nothing. Throws the service's refusal. */
export function submitReport(
  { client, address }: FederationContext,
  { round, report, signature }: AuditVerdict,
  signal?: AbortSignal,
): Promise<RoundAuditsView> {
  return client.call(ENDPOINTS.auditReportSubmit, {
    params: { federation: address.toBase58(), round: round.toString() },
    body: { report: toBase64(report), signature: toBase64(signature) },
    signal,
  });
}

/** What was drawn for a member. Throws `not-authority` unless this auditor was. */
function requireDrawn({ drawn, round }: RoundDraw, member: string, auditor: Keypair): DrawnUpdate {
  const address = fromBase58(member);
  const audit = drawn.find((candidate) => equalBytes(candidate.member, address));
  if (audit === undefined)
    throw new PlenaryError("not-authority", `${member} was not drawn in round ${round.number}.`, {
      member,
    });
  if (equalBytes(audit.auditor, auditor.publicKey.toBytes())) return audit;
  const expected = toBase58(audit.auditor);
  throw new PlenaryError(
    "not-authority",
    `${expected} was drawn to audit ${member} in round ${round.number}, not ${auditor.publicKey.toBase58()}.`,
    { member, expected },
  );
}

function segmentsOf(
  { configuration }: FederationContext,
  { seed, audits }: RoundDraw,
  member: string,
): number[] {
  const { localSteps } = parseTrainingSettings(configuration.training);
  const total = segmentCount(localSteps, audits.checkpointEvery);
  return drawSegments(seed, fromBase58(member), total, audits.segmentsPerMember);
}

function signFinding(
  context: FederationContext,
  { round, seed }: RoundDraw,
  { member, envelopeHash }: DrawnUpdate,
  segments: readonly number[],
  finding: AuditFinding,
  auditor: Keypair,
): AuditVerdict {
  const report = encodeAuditReport({
    genesisHash: context.genesisHash,
    programId: context.program.toBytes(),
    federation: context.address.toBytes(),
    round: round.number,
    member,
    envelopeHash,
    auditSeed: seed,
    outcome: AUDIT_OUTCOMES[finding.outcome],
    checkpoint: finding.checkpoint,
    auditor: auditor.publicKey.toBytes(),
  });
  const signature = signMessage(report, auditor.secretKey);
  return { round: round.number, member: toBase58(member), segments, finding, report, signature };
}
