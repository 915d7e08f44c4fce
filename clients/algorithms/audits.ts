import {
  AUDIT_OUTCOMES,
  type AuditReport,
  auditOutcome,
  compareBytes,
  decodeAuditReport,
  drawAudits,
  equalBytes,
  PlenaryError,
  REASONS,
  toBase58,
  toHex,
  type UpdateLeaf,
  verifySignature,
} from "@plenary/protocol";
import type { RoundContext } from "./round.ts";

/** An auditor's report as it was signed (see protocol, audit-report.ts). */
export interface SignedAuditReport {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** The update that a report must be about. */
export type AuditedUpdate = Pick<UpdateLeaf, "member" | "envelopeHash">;

/** A report that counts, decoded. */
export interface CheckedReport extends SignedAuditReport {
  readonly report: AuditReport;
}

/**
 * The reports of a round, ascending by member, if all of them count: by the auditor that the seed draws for a member that it draws, about
 * that member's update in this round, one each, and signed. `updates` are all that have a receipt. Throws `verification-failed` saying what
 * is wrong with one, `round-inconsistent` for reports where the configuration has no audits and for audits that were never drawn.
 */
export function checkAuditReports(
  context: AuditContext,
  updates: readonly AuditedUpdate[],
  reports: readonly SignedAuditReport[],
): CheckedReport[] {
  const { audits } = context.configuration;
  if (audits === undefined) {
    if (reports.length === 0 && context.auditSeed === null) return [];
    throw new PlenaryError("round-inconsistent", "This federation's configuration has no audits.");
  }
  if (context.auditSeed === null)
    throw new PlenaryError(
      "round-inconsistent",
      `The audits of round ${context.round} were not drawn: its account has no audit slot hash.`,
    );
  const drawn = drawAudits(
    context.auditSeed,
    updates.map(({ member }) => member),
    audits,
  );
  const auditors = new Map(drawn.map(({ member, auditor }) => [toHex(member), auditor]));
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

/** What reports are checked against. */
export type AuditContext = Pick<
  RoundContext,
  "genesisHash" | "programId" | "federation" | "round" | "configuration" | "auditSeed"
>;

/** Whether a report takes an update out of the round. */
export function isFailure({ outcome }: Pick<AuditReport, "outcome">): boolean {
  return outcome !== AUDIT_OUTCOMES.passed;
}

/**
 * Throws `round-inconsistent` unless exactly the updates are refused for their audit that a report refuses, but for those that were
 * refused for something else before.
 */
export function checkAuditLeaves(leaves: readonly UpdateLeaf[], reports: readonly CheckedReport[]): void {
  const failed = new Set(
    reports.filter(({ report }) => isFailure(report)).map(({ report }) => toHex(report.member)),
  );
  for (const { member, reason } of leaves) {
    const isFailed = failed.has(toHex(member));
    const isWrong = isFailed ? reason === REASONS.counted.code : reason === REASONS["audit-failed"].code;
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

function checkedReport(context: AuditContext, { message, signature }: SignedAuditReport): AuditReport {
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
    throw refusal(report, "its outcome is none");
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
  if (!equalBytes(report.envelopeHash, envelopeHash)) throw refusal(report, "it is about another update");
}

function refusal(report: AuditReport, problem: string): PlenaryError {
  const [auditor, member] = [toBase58(report.auditor), toBase58(report.member)];
  return new PlenaryError(
    "verification-failed",
    `The report of ${auditor} about ${member} does not count: ${problem}.`,
    { auditor, member },
  );
}
