import { readAudits, readRoundView, readUpdate } from "../access/index.ts";
import type { Outcome, RoundRecord } from "../member-store/index.ts";
import type { ParticipationSession } from "./participation.ts";
import type { TrainedRound } from "./participation-events.ts";

/** Waits until it is known what became of an update, and stores it. */
export async function settle(
  session: ParticipationSession,
  record: RoundRecord,
): Promise<TrainedRound> {
  const { store, waker, emit } = session;
  let toldOfAudit = false;
  for (let waited = false; ; waited = true) {
    const { seen } = waker;
    const found = await outcomeOf(session, record);
    if (found !== null) {
      const { outcome, reason } = found;
      const round = BigInt(record.round);
      await store.settle(round, outcome);
      emit({ type: "settled", round, outcome, reason });
      const { weight, loss } = record;
      return { number: round, outcome, reason, weight, loss, sequence: BigInt(record.sequence) };
    }
    if (!waited) emit({ type: "waiting", for: "outcome" });
    if (!toldOfAudit) toldOfAudit = await tellOfAudit(session, record);
    await waker.after(seen);
  }
}

/** Says so if this member was drawn for an audit; whether there is nothing more to say about that. */
async function tellOfAudit(
  { context, member, options, emit }: ParticipationSession,
  { round, receipt }: RoundRecord,
): Promise<boolean> {
  if (context.configuration.audits === undefined || receipt === null) return true;
  const audits = await readAudits(context, round, options.signal);
  if (audits === null) return false;
  const mine = audits.find((audit) => audit.member === member.toBase58());
  if (mine !== undefined)
    emit({ type: "audit-drawn", round: BigInt(round), auditor: mine.auditor });
  return true;
}

async function outcomeOf(
  { context, member, options }: ParticipationSession,
  record: RoundRecord,
): Promise<{ outcome: Outcome; reason: string | null } | null> {
  const round = await readRoundView(context, record.round, options.signal);
  if (round === null) return null;
  if (round.state === "void")
    return { outcome: "void", reason: round.voidReason ?? "The round is void." };
  const isDone = round.state === "committed" || round.state === "final";
  if (record.receipt === null)
    return round.state === "collecting"
      ? null
      : { outcome: "missed", reason: "The round closed before the update had a receipt." };
  if (!isDone) return null;
  const known = await readUpdate(context, BigInt(record.round), member, options.signal);
  if (known === null)
    return {
      outcome: "missed",
      reason: "The service has lost an update that it gave a receipt for.",
    };
  const { state, reason } = known.update;
  return state === "counted"
    ? { outcome: "counted", reason: null }
    : { outcome: "refused", reason: reason?.text ?? `The service calls it ${state}.` };
}
