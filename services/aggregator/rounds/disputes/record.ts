import { type ErrorCode, PlenaryError, toBase58, toHex } from "@plenary/protocol";
import type { LedgerDispute } from "../../chain/ledger.ts";
import type { DisputeRow } from "../../store/disputes.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { Round } from "../../store/rounds.ts";
import { type Context, inTransaction } from "../context.ts";
import { type DemandedPiece, nameOfPiece } from "./demanded-piece.ts";

/*
 * What is written down and told of a dispute. Each event is told once, whichever process sees it
 * first.
 */

/** One dispute of a round that this service has committed. */
export interface DisputeAtHand {
  readonly federation: FederationRow;
  readonly round: Round;
  readonly dispute: LedgerDispute;
  /** What this service has written down about it. */
  readonly row: DisputeRow;
}

/** Whether a row is about a dispute that the chain shows. */
export function isOf(row: DisputeRow, { address, openedAt }: LedgerDispute): boolean {
  return row.opened_at === BigInt(openedAt) && toHex(row.address) === toHex(address);
}

export function isRefused(error: unknown, code: ErrorCode): boolean {
  return error instanceof PlenaryError && error.code === code;
}

/**
 * The row that records a dispute. The event `dispute-opened` is emitted when the service first sees
 * it.
 */
export async function noteDispute(
  context: Context,
  round: Round,
  dispute: LedgerDispute,
): Promise<DisputeRow> {
  const { address, challenger, kind, index, deposit } = dispute;
  const key = { address, opened_at: BigInt(dispute.openedAt) };
  const isNew = await inTransaction(context, async (store) => {
    const { federation, number } = round;
    const of = { federation, round: number, challenger, kind, subject: BigInt(index) };
    if (!(await store.disputes.insert({ ...key, ...of }))) return false;
    const at = context.clock.now();
    await store.events.append({ federation, type: "dispute-opened", round: number, at });
    return true;
  });
  if (isNew)
    context.log.warn(
      { dispute: toBase58(address), round: round.number.toString(), kind, index },
      "a round is disputed: demands are answered, and the round waits to become final",
    );
  // An open dispute stays open, even if a node that lags behind has hidden it for a while.
  return context.store.disputes.follow(key, deposit);
}

export async function noteAnswer(
  context: Context,
  { row, dispute }: DisputeAtHand,
  piece: string,
): Promise<void> {
  const isNew = await inTransaction(context, async (store) => {
    if (!(await store.disputes.answer(row, piece))) return false;
    const { federation, round } = row;
    const at = context.clock.now();
    await store.events.append({ federation, type: "dispute-answered", round, at });
    return true;
  });
  if (isNew)
    context.log.info({ dispute: toBase58(dispute.address), piece }, "a demand was answered");
}

export async function noteFailure(
  context: Context,
  { row, dispute, round }: DisputeAtHand,
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

/** The chain no longer shows a dispute: its round may become final, or has become void. */
export async function noteEnd(context: Context, row: DisputeRow): Promise<void> {
  const { federation, round } = row;
  const ending = await context.ledger.disputeEnding(row.address, Number(row.opened_at));
  const isNew = await inTransaction(context, async (store) => {
    const { verdict = null, fault = null, transaction = null } = ending ?? {};
    if (!(await store.disputes.end(row, { verdict, fault, ended_in: transaction }))) return false;
    const at = context.clock.now();
    await store.events.append({ federation, type: "dispute-resolved", round, at });
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
