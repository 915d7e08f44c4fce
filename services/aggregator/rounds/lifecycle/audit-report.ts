import { checkAuditReports, type SignedAuditReport } from "@plenary/algorithms";
import { decodeAuditReport, equalBytes, PlenaryError, toBase58 } from "@plenary/protocol";
import type { AuditReportRow } from "../../store/audit-reports.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { Round } from "../../store/rounds.ts";
import { type Context, inTransaction } from "../context.ts";
import { seedOf } from "./audit-draw.ts";

/**
 * Keeps an auditor's report on a round whose audits are drawn and open. Resolves when the report is
 * durable; the same report again changes nothing. Throws `malformed-envelope`,
 * `verification-failed` as checkAuditReports does, `round-closed`, and `conflict` for another
 * report about the same member.
 */
export async function acceptAuditReport(
  context: Context,
  federation: FederationRow,
  round: Round,
  signed: SignedAuditReport,
): Promise<void> {
  const report = decodeAuditReport(signed.message);
  if (round.audits === null) checkOpen(round);
  // The signature is checked first: strangers are told nothing about what is there.
  await check(context, federation, round, signed);
  const known = (await context.store.auditReports.ofRound(round)).find(({ member }) =>
    equalBytes(member, report.member),
  );
  if (known !== undefined) return requireSame(known, signed);
  checkOpen(round);
  const now = context.clock.now();
  const inserted = await inTransaction(context, async (store) => {
    // The end of the audits waits for all that hold the round.
    const held = await store.rounds.hold(round);
    if (held !== undefined) checkOpen(held);
    const row = {
      federation: federation.address,
      round: round.number,
      member: report.member,
      report: signed.message,
      signature: signed.signature,
      received_at: BigInt(now),
    };
    if (!(await store.auditReports.insert(row))) return false;
    await store.events.append({
      federation: federation.address,
      type: "audit-reported",
      round: round.number,
      member: report.member,
      at: now,
    });
    return true;
  });
  if (!inserted) return acceptAuditReport(context, federation, round, signed);
  await context.scheduler.advance(federation.address);
}

async function check(
  { store }: Context,
  { configuration, genesis_hash, program_id, address }: FederationRow,
  round: Round,
  signed: SignedAuditReport,
): Promise<void> {
  const standing = await store.updates.standing(round);
  checkAuditReports(
    {
      genesisHash: genesis_hash,
      programId: program_id,
      federation: address,
      round: round.number,
      configuration,
      auditSeed: seedOf(round),
    },
    standing.map(({ member, envelope_hash }) => ({ member, envelopeHash: envelope_hash })),
    [signed],
  );
}

function checkOpen(round: Round): void {
  if (areAuditsOpen(round)) return;
  throw new PlenaryError(
    "round-closed",
    round.audits === null
      ? `The audits of round ${round.number} are not drawn: where training is audited, they are drawn when the round has its updates.`
      : `Round ${round.number} no longer takes reports.`,
    { round: round.number.toString(), state: round.state },
  );
}

/** Whether reports on a round's audits are taken. */
export function areAuditsOpen({ state, voidReason, audits }: Round): boolean {
  return state === "closing" && voidReason === null && audits !== null && audits.closedAt === null;
}

function requireSame({ member, report }: AuditReportRow, { message }: SignedAuditReport): void {
  if (equalBytes(report, message)) return;
  throw new PlenaryError(
    "conflict",
    `This round has another report about ${toBase58(member)}: an auditor reports once on a member.`,
    { member: toBase58(member) },
  );
}
