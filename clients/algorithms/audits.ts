import {
  AUDIT_OUTCOMES,
  type AuditReport,
  auditOutcome,
  auditSeed,
  compareBytes,
  decodeAuditReport,
  drawAudits,
  drawnHash,
  envelopesRoot,
  equalBytes,
  PlenaryError,
  REASONS,
  toBase58,
  toHex,
  type UpdateLeaf,
  verifySignature,
} from "@plenary/protocol";
import { vectorRootFast } from "./kernels/index.ts";
import type { RoundContext } from "./round.ts";

/** An auditor's report as it was signed (see audit-report.ts of @plenary/protocol). */
export interface SignedAuditReport {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** The update that a report is about. */
export type AuditedUpdate = Pick<UpdateLeaf, "member" | "envelopeHash">;

/** A report that counts, decoded. */
export interface CheckedReport extends SignedAuditReport {
  readonly report: AuditReport;
}

/** What to check reports against. */
export interface AuditContext
  extends Pick<
    RoundContext,
    "genesisHash" | "programId" | "federation" | "round" | "configuration"
  > {
  /** Null where the configuration has no audits, so that nothing was drawn. */
  readonly auditSeed: Uint8Array | null;
}

/**
 * The seed of a round's audits; null if it has none. `updates` are all that have a receipt. Throws
 * `round-inconsistent` if audits were not drawn, were drawn for other envelopes, or were drawn
 * although the configuration has none.
 */
export function auditSeedOf(
  context: RoundContext,
  updates: readonly AuditedUpdate[],
): Uint8Array | null {
  const { configuration, auditDraw, round } = context;
  const isExpected = configuration.audits !== undefined;
  if (isExpected !== (auditDraw !== null))
    throw new PlenaryError(
      "round-inconsistent",
      isExpected
        ? `The audits of round ${round} were not drawn on chain.`
        : `The configuration of round ${round} has no audits, but some were drawn.`,
      { round: round.toString() },
    );
  if (auditDraw === null) return null;
  const ascending = updates.toSorted((a, b) => compareBytes(a.member, b.member));
  const envelopes = envelopesRoot(ascending.map(({ envelopeHash }) => envelopeHash));
  if (!equalBytes(drawnHash(auditDraw.slotHash, envelopes), auditDraw.drawn))
    throw new PlenaryError(
      "round-inconsistent",
      `The audits of round ${round} were drawn for other envelopes than those of the round, or with another slot hash.`,
      { round: round.toString() },
    );
  return auditSeed(vectorRootFast(context.base), round, auditDraw.drawn);
}

/**
 * The reports of a round, ascending by member. Each must count: it is signed by the auditor that
 * the seed draws for a member that it draws, it is about that member's update in this round, and no
 * other report is. `updates` are all that have a receipt. Throws `verification-failed` naming what
 * is wrong with a report.
 */
export function checkAuditReports(
  context: AuditContext,
  updates: readonly AuditedUpdate[],
  reports: readonly SignedAuditReport[],
): CheckedReport[] {
  const auditors = auditorsOf(context, updates);
  const hashes = new Map(updates.map(({ member, envelopeHash }) => [toHex(member), envelopeHash]));
  const checked = reports.map((signed): CheckedReport => {
    const report = checkedReport(context, signed);
    const name = toHex(report.member);
    checkSubject(report, auditors.get(name), hashes.get(name));
    return { ...signed, report };
  });
  checked.sort((a, b) => compareBytes(a.report.member, b.report.member));
  checked.forEach(({ report }, i) => {
    const before = checked[i - 1];
    if (before !== undefined && equalBytes(before.report.member, report.member))
      throw refusal(report, "there are two about this member");
  });
  return checked;
}

/** A round's draw and reports. Throws as auditSeedOf and checkAuditReports do. */
export function checkRoundAudits(
  context: RoundContext,
  updates: readonly AuditedUpdate[],
  reports: readonly SignedAuditReport[],
): CheckedReport[] {
  return checkAuditReports(
    { ...context, auditSeed: auditSeedOf(context, updates) },
    updates,
    reports,
  );
}

/** The auditor of each drawn member. */
function auditorsOf(
  { configuration, auditSeed: seed }: AuditContext,
  updates: readonly AuditedUpdate[],
): ReadonlyMap<string, Uint8Array> {
  if (configuration.audits === undefined || seed === null) return new Map();
  const members = updates.map(({ member }) => member);
  const drawn = drawAudits(seed, members, configuration.audits);
  return new Map(drawn.map(({ member, auditor }) => [toHex(member), auditor]));
}

/** Whether a report takes an update out of the round. */
export function isFailure({ outcome }: Pick<AuditReport, "outcome">): boolean {
  return outcome !== AUDIT_OUTCOMES.passed;
}

/**
 * Throws `round-inconsistent` unless exactly those updates are refused for their audit that a
 * report refuses. An update that was refused for another reason before keeps that reason.
 */
export function checkAuditLeaves(
  leaves: readonly UpdateLeaf[],
  reports: readonly CheckedReport[],
): void {
  const failed = new Set(
    reports.filter(({ report }) => isFailure(report)).map(({ report }) => toHex(report.member)),
  );
  for (const { member, reason } of leaves) {
    const isFailed = failed.has(toHex(member));
    const isWrong = isFailed
      ? reason === REASONS.counted.code
      : reason === REASONS["audit-failed"].code;
    if (!isWrong) continue;
    const address = toBase58(member);
    throw new PlenaryError(
      "round-inconsistent",
      isFailed
        ? `The update of ${address} counts, though its audit failed.`
        : `The update of ${address} is refused for its audit, and no auditor's report says so.`,
      { member: address },
    );
  }
}

function checkedReport(
  context: AuditContext,
  { message, signature }: SignedAuditReport,
): AuditReport {
  const report = decodedReport(message);
  for (const field of ["genesisHash", "programId", "federation", "auditSeed"] as const) {
    const expected = context[field];
    if (expected === null || !equalBytes(report[field], expected))
      throw refusal(report, `it names another ${field}`);
  }
  if (report.round !== context.round) throw refusal(report, `it is for round ${report.round}`);
  if (!verifySignature(message, signature, report.auditor))
    throw refusal(report, "its signature is not the auditor's");
  const outcome = auditOutcome(report);
  if (outcome === undefined || (outcome !== "failed" && report.checkpoint !== 0))
    throw refusal(report, "its outcome is unknown");
  return report;
}

function decodedReport(message: Uint8Array): AuditReport {
  try {
    return decodeAuditReport(message);
  } catch (cause) {
    if (!(cause instanceof PlenaryError)) throw cause;
    throw new PlenaryError(
      "verification-failed",
      `An audit report does not count: ${cause.message}`,
      {},
      { cause },
    );
  }
}

function checkSubject(
  report: AuditReport,
  auditor: Uint8Array | undefined,
  envelopeHash: Uint8Array | undefined,
): void {
  if (auditor === undefined || envelopeHash === undefined)
    throw refusal(report, "this member's training was not drawn");
  if (!equalBytes(report.auditor, auditor))
    throw refusal(report, `${toBase58(auditor)} was drawn to audit it`);
  if (!equalBytes(report.envelopeHash, envelopeHash))
    throw refusal(report, "it is about another update");
}

function refusal(report: AuditReport, problem: string): PlenaryError {
  const [auditor, member] = [toBase58(report.auditor), toBase58(report.member)];
  return new PlenaryError(
    "verification-failed",
    `The report of ${auditor} about ${member} does not count: ${problem}.`,
    { auditor, member },
  );
}
