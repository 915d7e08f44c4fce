import type { RoundContext, SignedAuditReport } from "@plenary/algorithms";
import { type AuditConfiguration, auditSeed, type DrawnAudit, drawAudits } from "@plenary/protocol";
import type { Store } from "../../store/index.ts";
import type { Round } from "../../store/rounds.ts";
import type { Context } from "../context.ts";

/** Seed of a round's audits; null before they are drawn. */
export function seedOf({ base, number, audits }: Round): Uint8Array | null {
  return audits === null ? null : auditSeed(base.root, number, audits.drawn);
}

/** The draw as the manifest states it; null where there was none. */
export function drawOf({ audits }: Round): RoundContext["auditDraw"] {
  return audits === null ? null : { slotHash: audits.slotHash, drawn: audits.drawn };
}

/** The members that a round's audits fell on, and their auditors; empty before the draw. */
export async function drawnAudits(
  store: Store,
  audits: AuditConfiguration,
  round: Round,
): Promise<DrawnAudit[]> {
  const seed = seedOf(round);
  if (seed === null) return [];
  const members = (await store.updates.standing(round)).map(({ member }) => member);
  return drawAudits(seed, members, audits);
}

export async function reportsOf({ store }: Context, round: Round): Promise<SignedAuditReport[]> {
  const rows = await store.auditReports.ofRound(round);
  return rows.map(({ report, signature }) => ({ message: report, signature }));
}
