import { isFailure, type RoundContext, type SignedAuditReport } from "@plenary/algorithms";
import {
  type AuditConfiguration,
  auditSeed,
  type DrawnAudit,
  decodeAuditReport,
  drawAudits,
  envelopesRoot,
  REASONS,
  toHex,
} from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Store } from "../../store/index.ts";
import type { RoundRow } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { isTooLate } from "./commit-round.ts";
import { CONTINUE, type Progress, waitFor } from "./progress.ts";
import { planVoid } from "./void-round.ts";

/**
 * Takes a closed round through its audits: drawn on chain, then waited for until every drawn auditor has reported or the time is over.
 * From then on the reports stand and the updates that they refuse are out.
 */
export async function auditRound(
  context: Context,
  federation: FederationRow,
  audits: AuditConfiguration,
  round: RoundRow,
): Promise<Progress> {
  if (await isTooLate(context, round)) {
    await planVoid(context, round, "The round was not committed in time.");
    return CONTINUE;
  }
  if (round.audits_until === null) return draw(context, federation, audits, round);
  const remaining = Number(round.audits_until) - (await context.chainClock.now());
  if (remaining > 0 && (await isReportMissing(context, audits, round))) return waitFor(remaining);
  await closeAudits(context, round);
  return CONTINUE;
}

async function draw(
  context: Context,
  federation: FederationRow,
  { waitSeconds }: AuditConfiguration,
  round: RoundRow,
): Promise<Progress> {
  const { ledger, store, clock, chainClock } = context;
  const standing = await store.updates.standing(round);
  const envelopes = envelopesRoot(standing.map((row) => row.envelope_hash));
  await store.transactions.plan(round, "audit-draw", BigInt(clock.now()));
  const { auditDrawn } = await ensureTransaction(context, {
    key: round,
    kind: "audit-draw",
    isDone: (account) => account?.auditDrawn !== undefined,
    send: (onSigned) => ledger.drawAudits(federation.address, round.number, envelopes, onSigned),
  });
  if (auditDrawn === undefined)
    throw new Error("unreachable: the draw is done when the account shows it");
  const slotHash = await ledger.auditSlotHash(federation.address, round.number);
  const until = (await chainClock.now()) + waitSeconds * 1_000;
  await inTransaction(context, async (transaction) => {
    const drawn = {
      audit_slot_hash: slotHash,
      audit_drawn: auditDrawn,
      audits_until: BigInt(Math.floor(until)),
    };
    if (!(await transaction.rounds.move(round, "closing", drawn))) return;
    const { number } = round;
    await transaction.events.append({
      federation: federation.address,
      type: "audits-drawn",
      round: number,
      at: clock.now(),
    });
  });
  return CONTINUE;
}

async function isReportMissing(
  { store }: Context,
  audits: AuditConfiguration,
  round: RoundRow,
): Promise<boolean> {
  const reported = new Set(
    (await store.auditReports.ofRound(round)).map(({ member }) => toHex(member)),
  );
  const drawn = await drawnAudits(store, audits, round);
  return drawn.some(({ member }) => !reported.has(toHex(member)));
}

/** After this commit no report is taken; what they refuse is refused. */
async function closeAudits(context: Context, round: RoundRow): Promise<void> {
  await inTransaction(context, async (store) => {
    // Waits for reports that are being accepted, and they for it.
    const locked = await store.rounds.lock(round);
    if (locked?.audits_closed_at !== null) return;
    const closed = { audits_closed_at: BigInt(context.clock.now()) };
    if (!(await store.rounds.move(round, "closing", closed))) return;
    for (const { member, report } of await store.auditReports.ofRound(round))
      if (isFailure(decodeAuditReport(report)))
        await store.updates.refuseCounted(round, member, REASONS["audit-failed"].code);
  });
}

/** The audits of a round that they were drawn for; empty before. */
export async function drawnAudits(
  store: Store,
  audits: AuditConfiguration,
  round: RoundRow,
): Promise<DrawnAudit[]> {
  const seed = seedOf(round);
  if (seed === null) return [];
  const members = (await store.updates.standing(round)).map(({ member }) => member);
  return drawAudits(seed, members, audits);
}

/** Seed of a round's audits; null before they are drawn. */
export function seedOf(round: RoundRow): Uint8Array | null {
  return round.audit_drawn === null
    ? null
    : auditSeed(round.base_root, round.number, round.audit_drawn);
}

/** The draw as the manifest states it; null where there was none. */
export function drawOf({ audit_slot_hash, audit_drawn }: RoundRow): RoundContext["auditDraw"] {
  return audit_slot_hash === null || audit_drawn === null
    ? null
    : { slotHash: audit_slot_hash, drawn: audit_drawn };
}

export async function reportsOf({ store }: Context, round: RoundRow): Promise<SignedAuditReport[]> {
  const rows = await store.auditReports.ofRound(round);
  return rows.map(({ report, signature }) => ({ message: report, signature }));
}
