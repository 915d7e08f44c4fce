import { layout, type RecordOf } from "./layout.ts";

const REPORT_FIELDS = {
  genesisHash: "bytes32",
  programId: "bytes32",
  federation: "bytes32",
  round: "u64",
  member: "bytes32",
  envelopeHash: "bytes32",
  auditSeed: "bytes32",
  outcome: "u8",
  checkpoint: "u32",
  auditor: "bytes32",
} as const;
const REPORT = layout("audit report", new TextEncoder().encode("plenary/audit/1"), REPORT_FIELDS);

/**
 * What an auditor signs about one update: that it ran the drawn segments again, and the outcome.
 * `checkpoint` is the first one that does not follow from the one before: 0 is the training
 * commitment, and one more than the last checkpoint is the update itself. It is also 0 where
 * nothing failed.
 */
export type AuditReport = RecordOf<typeof REPORT_FIELDS>;

/** Bytes of an encoded audit report. */
export const AUDIT_REPORT_LENGTH = REPORT.length;

/**
 * Outcomes of an audit. An update whose member did not show its training is refused, as one whose
 * training is wrong.
 */
export const AUDIT_OUTCOMES = { passed: 0, failed: 1, refused: 2 } as const;
export type AuditOutcome = keyof typeof AUDIT_OUTCOMES;

/** The name of a report's outcome, or undefined if no such outcome is defined. */
export function auditOutcome({ outcome }: Pick<AuditReport, "outcome">): AuditOutcome | undefined {
  return (Object.keys(AUDIT_OUTCOMES) as AuditOutcome[]).find(
    (name) => AUDIT_OUTCOMES[name] === outcome,
  );
}

/** The bytes that the auditor signs. Throws `invalid-input` naming a field out of range. */
export function encodeAuditReport(report: AuditReport): Uint8Array {
  return REPORT.encode(report);
}

/** Throws `malformed-envelope` naming what is wrong. */
export function decodeAuditReport(bytes: Uint8Array): AuditReport {
  return REPORT.decode(bytes);
}
