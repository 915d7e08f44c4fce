import { type ErrorCode, PlenaryError, toBase58, toHex } from "@plenary/protocol";
import type { LedgerDispute } from "../../chain/ledger.ts";
import type { DisputeRow } from "../../store/disputes.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { RoundRow } from "../../store/rounds.ts";
import { type Context, inTransaction } from "../context.ts";
import { readMaterial } from "../lifecycle/round-material.ts";
import {
  answerTo,
  type DemandedPiece,
  demandedPiece,
  isToEnd,
  nameOfPiece,
} from "./demanded-piece.ts";

/** Disputes that are attended to at a time: each waits for its transaction most of the time. */
const AT_ONCE = 8;

/** The challenger may end it too, and a step of its own takes it as long: the program's STEP_SECONDS. */
const PATIENCE_MILLISECONDS = 10_000;

/** One dispute of a round that this service has committed. */
interface Case {
  readonly federation: FederationRow;
  readonly round: RoundRow;
  readonly dispute: LedgerDispute;
  /** What this service has written down about it. */
  readonly row: DisputeRow;
}

/**
 * Looks after the challenges of a federation's rounds: gives what is demanded, ends what can be ended, and tells what happened. What is to
 * be done is read from the chain each time, so that it may be stopped anywhere and called again; of two at once the second leaves.
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
  // After those that wait for an answer: to find out how one has ended takes several requests.
  const gone = known.filter((row) => !found.some((dispute) => isOf(row, dispute)));
  for (const outcome of await Promise.allSettled(gone.map((row) => noteEnd(context, row))))
    if (outcome.status === "rejected") problems.push(outcome.reason);
  // Every dispute has had its turn; what failed is looked at again.
  if (problems.length > 0) throw problems[0];
}

/** The Round accounts count their disputes, which is cheaper to ask than for all accounts of a kind. */
async function isDisputed({ ledger, store }: Context, federation: Uint8Array): Promise<boolean> {
  for (const { number } of await store.rounds.notFinal(federation)) {
    const account = await ledger.round(federation, number);
    if (account !== undefined && account.openDisputes > 0) return true;
  }
  return false;
}

function isOf(row: DisputeRow, { address, openedAt }: LedgerDispute): boolean {
  return row.opened_at === BigInt(openedAt) && toHex(row.address) === toHex(address);
}

async function attend(
  context: Context,
  federation: FederationRow,
  dispute: LedgerDispute,
  now: number,
): Promise<void> {
  const round = await context.store.rounds.findAt(federation.address, dispute.round);
  if (round === undefined) return;
  const row = await noteDispute(context, round, dispute);
  const open: Case = { federation, round, dispute, row };
  const piece = demandedPiece(dispute);
  const name = piece && nameOfPiece(piece);
  // Given by this process before it died, by another, or by anybody.
  if (row.demanded !== null && row.demanded !== name) await noteAnswer(context, open, row.demanded);
  if (piece !== null && dispute.demandedUntil !== null)
    await context.store.disputes.demand(row, nameOfPiece(piece), BigInt(dispute.demandedUntil));
  if (piece !== null && now <= (dispute.demandedUntil ?? 0)) await give(context, open, piece);
  else if (piece !== null) await noteFailure(context, open, piece, "Its deadline is over.");
  if (!isToEnd(dispute, now)) return;
  const since = Number(await context.store.disputes.noteEndable(row, BigInt(now)));
  if (now - since >= PATIENCE_MILLISECONDS) await end(context, open, now);
}

/** Gives what is demanded. What fails is tried again until the deadline. */
async function give(context: Context, open: Case, piece: DemandedPiece): Promise<void> {
  const { blobs, ledger } = context;
  const { federation, round, dispute } = open;
  try {
    const material = await readMaterial(blobs, federation.configuration, round, piece);
    const answer = answerTo(piece, material);
    await ledger.answerDispute(federation.address, round.number, dispute.address, answer);
  } catch (error) {
    if (isRefused(error, "chain-unavailable")) throw error;
    // Refused because somebody else was first: the next look sees what became of it.
    if (isRefused(error, "transaction-failed") && !(await isStillDemanded(context, open, piece)))
      return;
    await noteFailure(
      context,
      open,
      piece,
      error instanceof Error ? error.message : String(error),
      error,
    );
    return;
  }
  await noteAnswer(context, open, nameOfPiece(piece));
}

function isRefused(error: unknown, code: ErrorCode): boolean {
  return error instanceof PlenaryError && error.code === code;
}

async function isStillDemanded(
  { ledger }: Context,
  { federation, row }: Case,
  piece: DemandedPiece,
): Promise<boolean> {
  const dispute = (await ledger.disputes(federation.address)).find((found) => isOf(row, found));
  const demanded = dispute && demandedPiece(dispute);
  return (
    demanded !== undefined && demanded !== null && nameOfPiece(demanded) === nameOfPiece(piece)
  );
}

async function end(context: Context, open: Case, now: number): Promise<void> {
  const { federation, round, dispute, row } = open;
  // The challenger is paid for ending what it has won; only when its time is over does the service do it.
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

/** What is written down about a dispute; its opening is told when it is first seen. */
async function noteDispute(
  context: Context,
  round: RoundRow,
  dispute: LedgerDispute,
): Promise<DisputeRow> {
  const { address, challenger, kind, index, deposit } = dispute;
  const key = { address, opened_at: BigInt(dispute.openedAt) };
  const isNew = await inTransaction(context, async (store) => {
    const { federation, number } = round;
    const of = { federation, round: number, challenger, kind, subject: BigInt(index) };
    const empty = {
      endable_at: null,
      demanded: null,
      answered: null,
      failed: null,
      last_error: null,
    };
    if (!(await store.disputes.insert({ ...key, ...of, ...empty }))) return false;
    const at = context.clock.now();
    await store.events.append({ federation, type: "dispute-opened", round: number, at });
    return true;
  });
  if (isNew)
    context.log.warn(
      { dispute: toBase58(address), round: round.number.toString(), kind, index },
      "a round is disputed: demands are answered, and the round waits to become final",
    );
  // One that is there goes on, even if a node that lags behind has hidden it for a while.
  return context.store.disputes.follow(key, deposit);
}

async function noteAnswer(context: Context, { row, dispute }: Case, piece: string): Promise<void> {
  const isNew = await inTransaction(context, async (store) => {
    if (!(await store.disputes.answer(row, piece))) return false;
    const { federation, round } = row;
    await store.events.append({
      federation,
      type: "dispute-answered",
      round,
      at: context.clock.now(),
    });
    return true;
  });
  if (isNew)
    context.log.info({ dispute: toBase58(dispute.address), piece }, "a demand was answered");
}

async function noteFailure(
  context: Context,
  { row, dispute, round }: Case,
  piece: DemandedPiece,
  reason: string,
  error?: unknown,
): Promise<void> {
  const name = nameOfPiece(piece);
  if (!(await context.store.disputes.fail(row, name, reason))) return;
  context.log.error(
    {
      ...(error instanceof PlenaryError ? error.context : {}),
      dispute: toBase58(dispute.address),
      round: round.number.toString(),
      demanded: name,
      until: new Date(dispute.demandedUntil ?? 0).toISOString(),
      err: error,
    },
    `cannot answer a demand, for which the bond pays after its deadline: ${reason}`,
  );
}

/** A dispute is gone from the chain: its round may become final, or has become void. */
async function noteEnd(context: Context, row: DisputeRow): Promise<void> {
  const { federation, round } = row;
  const ending = await context.ledger.disputeEnding(row.address, Number(row.opened_at));
  const isNew = await inTransaction(context, async (store) => {
    const { verdict = null, fault = null, transaction = null } = ending ?? {};
    if (!(await store.disputes.end(row, { verdict, fault, ended_in: transaction }))) return false;
    await store.events.append({
      federation,
      type: "dispute-resolved",
      round,
      at: context.clock.now(),
    });
    return true;
  });
  if (!isNew) return;
  const account = await context.ledger.round(federation, round);
  context.log.info(
    {
      dispute: toBase58(row.address),
      round: round.toString(),
      verdict: ending?.verdict,
      fault: ending?.fault,
      isRoundVoid: account?.status === "void",
    },
    "a dispute has ended",
  );
  await context.scheduler.finalize(federation);
}
