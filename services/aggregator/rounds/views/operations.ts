import { type OperationsView, toBase58 } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { TransactionRow } from "../../store/transactions.ts";
import type { Context } from "../context.ts";

/** Most updates that one retry has screened again; the reconciler does the others. */
const BATCH = 1_000;

/** What a federation's rounds wait for. */
export async function viewOperations(
  { store }: Context,
  federation: FederationRow,
): Promise<OperationsView> {
  const { address } = federation;
  const newest = await store.rounds.newest(address);
  const pending = await store.transactions.pendingOf(address);
  const unscreened = await store.hints.toScreenOf(address, BATCH);
  return {
    round:
      newest === undefined
        ? null
        : { number: newest.number.toString(), state: newest.state, voidReason: newest.voidReason },
    transactions: pending.map(viewTransaction),
    unscreened: unscreened.length,
  };
}

/** Has everything queued that may be due; a job that finds nothing to do does nothing. */
export async function retryAll(context: Context, federation: FederationRow): Promise<void> {
  const { store, scheduler, log } = context;
  log.info(
    { federation: toBase58(federation.address) },
    "all work is queued again, as the authority asked",
  );
  await scheduler.advance(federation.address);
  await scheduler.finalize(federation.address);
  for (const id of await store.hints.toScreenOf(federation.address, BATCH))
    await scheduler.screenUpdate(id);
}

function viewTransaction(row: TransactionRow): OperationsView["transactions"][number] {
  return {
    round: row.round.toString(),
    kind: row.kind,
    signature: row.signature,
    attempts: row.attempts,
    lastError: row.last_error,
    plannedAt: Number(row.created_at),
  };
}
