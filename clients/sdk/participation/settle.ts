import { instant, type Round, readRound, roundAddress } from "@plenary/chain";
import { fromBase64 } from "@plenary/protocol";
import { readAudits, readRoundView, readUpdate } from "../access/index.ts";
import type { Outcome, RoundRecord, StoredReceipt } from "../member-store/index.ts";
import { findOwnUpdate, readCommittedLeaves } from "../verification/index.ts";
import type { ParticipationSession } from "./participation.ts";
import type { TrainedRound } from "./participation-events.ts";

/** Waits for the outcome of an update and stores it. */
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

/**
 * Emits an event if this member was drawn for an audit. True if there is nothing more to say about
 * that.
 */
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

interface Settled {
  readonly outcome: Outcome;
  readonly reason: string | null;
}

/**
 * Decides by the chain and by the committed leaves, and not by the service's word: it may have
 * given a receipt and left the update out. Null while the round is not decided.
 */
async function outcomeOf(
  session: ParticipationSession,
  record: RoundRecord,
): Promise<Settled | null> {
  const { context, options } = session;
  const { connection, program, address } = context;
  const number = BigInt(record.round);
  const round = await readRound(connection, roundAddress(program, address, number));
  // The authority has closed the account, and nothing is left to check the service by.
  if (round === null) return wordOfService(session, record);
  if (round.status === "committed" || round.status === "final")
    return record.receipt === null ? MISSED : outcomeOnChain(session, record.receipt, round);
  const view = await readRoundView(context, record.round, options.signal);
  if (round.status === "void")
    return { outcome: "void", reason: view?.voidReason ?? "The round is void." };
  return record.receipt === null && view !== null && view.state !== "collecting" ? MISSED : null;
}

const MISSED: Settled = {
  outcome: "missed",
  reason: "The round closed before the update had a receipt.",
};

/** The outcome of an update with a receipt, by the committed leaves. */
async function outcomeOnChain(
  session: ParticipationSession,
  { receipt, signature }: StoredReceipt,
  round: Round,
): Promise<Settled> {
  const { context, member, options } = session;
  const source = { blobs: context.client };
  const leaves = await readCommittedLeaves(source, round, options.signal);
  if (leaves === null) {
    const known = await readUpdate(context, round.number, member, options.signal);
    return {
      outcome: known?.update.state === "refused" ? "refused" : "counted",
      reason: `The service withholds the leaves of round ${round.number}, so this is its word alone: verify the round.`,
    };
  }
  const signed = { message: fromBase64(receipt), signature: fromBase64(signature) };
  const { standing, reason } = findOwnUpdate(signed, leaves, round);
  if (standing !== "omitted") return { outcome: standing, reason };
  const until = instant(round.challengeEndsAt);
  return {
    outcome: "omitted",
    reason: `${reason} Until ${until} the receipt proves that on chain.`,
  };
}

async function wordOfService(
  { context, member, options }: ParticipationSession,
  record: RoundRecord,
): Promise<Settled | null> {
  const view = await readRoundView(context, record.round, options.signal);
  if (view === null) return null;
  if (view.state === "void")
    return { outcome: "void", reason: view.voidReason ?? "The round is void." };
  if (record.receipt === null) return view.state === "collecting" ? null : MISSED;
  if (view.state !== "committed" && view.state !== "final") return null;
  const known = await readUpdate(context, BigInt(record.round), member, options.signal);
  if (known?.update.state === "counted") return { outcome: "counted", reason: null };
  const reason = known?.update.reason?.text ?? "The service does not say why.";
  return { outcome: "refused", reason };
}
