import { STEP_SECONDS } from "@plenary/chain";
import { toHex } from "@plenary/protocol";
import type { LedgerDispute } from "../../chain/ledger.ts";
import type { DisputeRow } from "../../store/disputes.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { Context } from "../context.ts";
import { readMaterial } from "../models/round-material.ts";
import {
  answerTo,
  type DemandedPiece,
  demandedPiece,
  isToEnd,
  nameOfPiece,
} from "./demanded-piece.ts";
import {
  type DisputeAtHand,
  isOf,
  isRefused,
  noteAnswer,
  noteDispute,
  noteEnd,
  noteFailure,
} from "./record.ts";

/** Disputes that are attended to at a time: each waits for its transaction most of the time. */
const AT_ONCE = 8;

/**
 * How long the service leaves a dispute that can be ended to its challenger, which may end it too:
 * as long as the program gives a challenger for each of its steps.
 */
const LEFT_TO_CHALLENGER_MILLISECONDS = 1_000 * STEP_SECONDS;

/**
 * Looks after the challenges of a federation's rounds: gives what is demanded, ends what can be
 * ended, and tells what happened. What is to be done is read from the chain each time, so the work
 * may stop anywhere and start again. Of two callers at the same time, the second leaves.
 */
export async function answerDisputes(context: Context, address: Uint8Array): Promise<void> {
  const federation = await context.store.federations.find(address);
  if (federation === undefined) return;
  await context.database.withLock(`disputes/${toHex(address)}`, () =>
    attendAll(context, federation),
  );
}

async function attendAll(context: Context, federation: FederationRow): Promise<void> {
  const { ledger, store } = context;
  const { address } = federation;
  const known = await store.disputes.open(address);
  if (known.length === 0 && !(await isDisputed(context, address))) return;
  const found = await ledger.disputes(address);
  const now = await ledger.now();
  const waiting = found.toSorted(
    (a, b) => (a.demandedUntil ?? a.expiresAt) - (b.demandedUntil ?? b.expiresAt),
  );
  const problems: unknown[] = [];
  while (waiting.length > 0) {
    const attended = waiting
      .splice(0, AT_ONCE)
      .map((dispute) => attend(context, federation, dispute, now));
    for (const outcome of await Promise.allSettled(attended))
      if (outcome.status === "rejected") problems.push(outcome.reason);
  }
  // Last, because finding out how a dispute has ended takes several requests, and others wait for
  // an answer.
  const gone = known.filter((row) => !found.some((dispute) => isOf(row, dispute)));
  for (const outcome of await Promise.allSettled(gone.map((row) => noteEnd(context, row))))
    if (outcome.status === "rejected") problems.push(outcome.reason);
  // Every dispute has had its turn. What failed is looked at again.
  if (problems.length > 0) throw problems[0];
}

/** Reads it from the Round accounts: they count their disputes, which is cheaper than a search. */
async function isDisputed({ ledger, store }: Context, federation: Uint8Array): Promise<boolean> {
  for (const { number } of await store.rounds.notFinal(federation)) {
    const account = await ledger.round(federation, number);
    if (account !== undefined && account.openDisputes > 0) return true;
  }
  return false;
}

async function attend(
  context: Context,
  federation: FederationRow,
  dispute: LedgerDispute,
  now: number,
): Promise<void> {
  const { disputes, rounds } = context.store;
  const round = await rounds.findAt(federation.address, dispute.round);
  if (round === undefined) return;
  const row = await noteDispute(context, round, dispute);
  const open: DisputeAtHand = { federation, round, dispute, row };
  const piece = demandedPiece(dispute);
  if (isGiven(row, piece)) await noteAnswer(context, open, row.demanded);
  if (piece !== null && dispute.demandedUntil !== null)
    await disputes.demand(row, nameOfPiece(piece), BigInt(dispute.demandedUntil));
  if (piece !== null && now <= (dispute.demandedUntil ?? 0)) await give(context, open, piece);
  else if (piece !== null) await noteFailure(context, open, piece, "Its deadline is over.");
  if (!isToEnd(dispute, now)) return;
  const since = Number(await disputes.noteEndable(row, BigInt(now)));
  if (now - since >= LEFT_TO_CHALLENGER_MILLISECONDS) await end(context, open, now);
}

/**
 * Whether the chain no longer demands what was demanded at the last look: this process gave it
 * before it died, or another process or anybody else gave it.
 */
function isGiven(
  row: DisputeRow,
  piece: DemandedPiece | null,
): row is DisputeRow & { readonly demanded: string } {
  return row.demanded !== null && (piece === null || row.demanded !== nameOfPiece(piece));
}

/** Gives what is demanded. What fails is tried again until the deadline. */
async function give(context: Context, open: DisputeAtHand, piece: DemandedPiece): Promise<void> {
  const { ledger } = context;
  const { federation, round, dispute } = open;
  try {
    const material = await readMaterial(context, federation.configuration, round, piece);
    const answer = answerTo(piece, material);
    await ledger.answerDispute(federation.address, round.number, dispute.address, answer);
  } catch (error) {
    if (isRefused(error, "chain-unavailable")) throw error;
    // Refused because somebody else was first: the next look sees what became of it.
    if (isRefused(error, "transaction-failed") && !(await isStillDemanded(context, open, piece)))
      return;
    const reason = error instanceof Error ? error.message : String(error);
    return noteFailure(context, open, piece, reason, error);
  }
  await noteAnswer(context, open, nameOfPiece(piece));
}

async function isStillDemanded(
  { ledger }: Context,
  { federation, row }: DisputeAtHand,
  piece: DemandedPiece,
): Promise<boolean> {
  const dispute = (await ledger.disputes(federation.address)).find((found) => isOf(row, found));
  const demanded = dispute && demandedPiece(dispute);
  return (
    demanded !== undefined && demanded !== null && nameOfPiece(demanded) === nameOfPiece(piece)
  );
}

async function end(context: Context, open: DisputeAtHand, now: number): Promise<void> {
  const { federation, round, dispute, row } = open;
  // A challenger is paid for ending what it has won: the service ends it only when the challenger's
  // time is over.
  const pay = now > dispute.expiresAt;
  try {
    if (!(await context.ledger.resolveDispute(federation.address, round.number, dispute, pay)))
      return;
  } catch (error) {
    if (!isRefused(error, "transaction-failed")) throw error;
    const left = await context.ledger.disputes(federation.address);
    if (left.some((found) => isOf(row, found))) throw error;
  }
  await noteEnd(context, row);
}
