import {
  auditOutcome,
  decodeAuditReport,
  drawSegments,
  PlenaryError,
  type RoundAuditsView,
  segmentCount,
  toBase58,
  toBase64,
  toHex,
} from "@plenary/protocol";
import { parseTrainingSettings } from "@plenary/training";
import type { AuditReportRow } from "../../store/audit-reports.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { Round } from "../../store/rounds.ts";
import type { Context } from "../context.ts";
import { drawnAudits, seedOf } from "../lifecycle/audit-draw.ts";
import { areAuditsOpen } from "../lifecycle/audit-report.ts";

/**
 * A round's audits. Throws `not-found` before they are drawn, and where training is not audited.
 */
export async function viewAudits(
  { store }: Context,
  { configuration }: FederationRow,
  round: Round,
): Promise<RoundAuditsView> {
  const { audits: settings, training } = configuration;
  const { audits } = round;
  const seed = seedOf(round);
  if (settings === undefined || audits === null || seed === null)
    throw new PlenaryError(
      "not-found",
      settings === undefined
        ? "This federation does not audit training."
        : `The audits of round ${round.number} are not drawn: wait for the event audits-drawn.`,
      { round: round.number.toString(), state: round.state },
    );
  const total = segmentCount(parseTrainingSettings(training).localSteps, settings.checkpointEvery);
  const reports = new Map(
    (await store.auditReports.ofRound(round)).map((row) => [toHex(row.member), viewReport(row)]),
  );
  const drawn = await drawnAudits(store, settings, round);
  return {
    slotHash: toHex(audits.slotHash),
    drawn: toHex(audits.drawn),
    seed: toHex(seed),
    until: audits.until,
    open: areAuditsOpen(round),
    audits: drawn.map(({ member, auditor }) => ({
      member: toBase58(member),
      auditor: toBase58(auditor),
      segments: drawSegments(seed, member, total, settings.segmentsPerMember),
      report: reports.get(toHex(member)) ?? null,
    })),
  };
}

type ReportView = RoundAuditsView["audits"][number]["report"];

/** Null for a report with an outcome that this version does not know. */
function viewReport({ report, signature }: AuditReportRow): ReportView {
  const decoded = decodeAuditReport(report);
  const outcome = auditOutcome(decoded);
  if (outcome === undefined) return null;
  const { checkpoint } = decoded;
  return { outcome, checkpoint, report: toBase64(report), signature: toBase64(signature) };
}
