import { isFailure } from "@plenary/algorithms";
import {
  type AuditConfiguration,
  decodeAuditReport,
  envelopesRoot,
  PlenaryError,
  REASONS,
  toHex,
} from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { ClosingRound } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { isTooLateToCommit } from "../due.ts";
import { drawnAudits } from "./audit-draw.ts";
import type { Progress } from "./progress.ts";
import { giveUpRound, NOT_IN_TIME } from "./void.ts";

/**
 * Takes a closed round through its audits: they are drawn on chain, and then waited for until every
 * drawn auditor has reported or the time is over. From then on the reports stand, and the updates
 * that they refuse are out.
 */
export async function auditRound(
  context: Context,
  federation: FederationRow,
  audits: AuditConfiguration,
  round: ClosingRound,
): Promise<Progress> {
  if (await isTooLateToCommit(context, round)) {
    await giveUpRound(context, round, NOT_IN_TIME);
    return "stepped";
  }
  if (round.audits === null) return draw(context, federation, audits, round);
  const isTimeLeft = (await context.chainClock.now()) < round.audits.until;
  if (isTimeLeft && (await isReportMissing(context, audits, round))) return "waiting";
  await closeAudits(context, round);
  return "stepped";
}

async function draw(
  context: Context,
  federation: FederationRow,
  { waitSeconds }: AuditConfiguration,
  round: ClosingRound,
): Promise<Progress> {
  const { ledger, store, clock, chainClock } = context;
  const { number } = round;
  const standing = await store.updates.standing(round);
  const envelopes = envelopesRoot(standing.map((row) => row.envelope_hash));
  await store.transactions.plan(round, "audit-draw", BigInt(clock.now()));
  const { auditDrawn: drawn } = await ensureTransaction(context, {
    key: round,
    kind: "audit-draw",
    isDone: (account) => account?.auditDrawn !== undefined,
    send: (onSigned) => ledger.drawAudits(federation.address, number, envelopes, onSigned),
  });
  if (drawn === undefined)
    throw new PlenaryError("chain-unavailable", "The chain does not show the drawn audits.");
  const slotHash = await ledger.auditSlotHash(federation.address, number);
  const until = (await chainClock.now()) + waitSeconds * 1_000;
  await inTransaction(context, async (transaction) => {
    if (!(await transaction.rounds.drawAudits(round, { slotHash, drawn, until }))) return;
    await transaction.events.append({
      federation: federation.address,
      type: "audits-drawn",
      round: number,
      at: clock.now(),
    });
  });
  return "stepped";
}

async function isReportMissing(
  { store }: Context,
  audits: AuditConfiguration,
  round: ClosingRound,
): Promise<boolean> {
  const reports = await store.auditReports.ofRound(round);
  const reported = new Set(reports.map(({ member }) => toHex(member)));
  const drawn = await drawnAudits(store, audits, round);
  return drawn.some(({ member }) => !reported.has(toHex(member)));
}

/** After this commit no report is taken, and the updates that the reports refuse are refused. */
async function closeAudits(context: Context, round: ClosingRound): Promise<void> {
  await inTransaction(context, async (store) => {
    // Waits for reports that are being accepted, and they wait for it.
    const locked = await store.rounds.lock(round);
    if (locked === undefined || locked.audits === null || locked.audits.closedAt !== null) return;
    if (!(await store.rounds.closeAudits(round, context.clock.now()))) return;
    for (const { member, report } of await store.auditReports.ofRound(round))
      if (isFailure(decodeAuditReport(report)))
        await store.updates.refuseCounted(round, member, REASONS["audit-failed"].code);
  });
}
