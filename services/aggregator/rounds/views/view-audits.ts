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
import type { RoundRow } from "../../store/rounds.ts";
import type { Context } from "../context.ts";
import { areAuditsOpen } from "../lifecycle/accept-audit-report.ts";
import { drawnAudits, seedOf } from "../lifecycle/audit-round.ts";

/** A round's audits. Throws `not-found` before they are drawn, and where training is not audited. */
export async function viewAudits(
  { store }: Context,
  { configuration }: FederationRow,
  round: RoundRow,
): Promise<RoundAuditsView> {
  const { audits, training } = configuration;
  const { audit_slot_hash, audit_drawn, audits_until } = round;
  const seed = seedOf(round);
  if (
    audits === undefined ||
    audit_slot_hash === null ||
    audit_drawn === null ||
    audits_until === null ||
    seed === null
  )
    throw new PlenaryError(
      "not-found",
      audits === undefined
        ? "This federation does not audit training."
        : `The audits of round ${round.number} are not drawn: wait for the event audits-drawn.`,
      { round: round.number.toString(), state: round.state },
    );
  const total = segmentCount(parseTrainingSettings(training).localSteps, audits.checkpointEvery);
  const reports = new Map(
    (await store.auditReports.ofRound(round)).map((row) => [toHex(row.member), viewReport(row)]),
  );
  const drawn = await drawnAudits(store, audits, round);
  return {
    slotHash: toHex(audit_slot_hash),
    drawn: toHex(audit_drawn),
    seed: toHex(seed),
    until: Number(audits_until),
    open: areAuditsOpen(round),
    audits: drawn.map(({ member, auditor }) => ({
      member: toBase58(member),
      auditor: toBase58(auditor),
      segments: drawSegments(seed, member, total, audits.segmentsPerMember),
      report: reports.get(toHex(member)) ?? null,
    })),
  };
}

function viewReport({
  report,
  signature,
}: AuditReportRow): RoundAuditsView["audits"][number]["report"] {
  const decoded = decodeAuditReport(report);
  const outcome = auditOutcome(decoded);
  if (outcome === undefined)
    throw new Error("unreachable: a report was checked before it was stored");
  const { checkpoint } = decoded;
  return { outcome, checkpoint, report: toBase64(report), signature: toBase64(signature) };
}
