import { toHex } from "@plenary/protocol";
import type { CommittedRound } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { noteMissedDisputes } from "../disputes/missed.ts";
import { isWindowOver } from "../due.ts";

/**
 * Makes committed rounds final, oldest first, as far as their challenge windows are over by the
 * chain's clock and no dispute is open.
 */
export async function finalizeRounds(context: Context, federation: Uint8Array): Promise<void> {
  await context.database.withLock(`finalize/${toHex(federation)}`, async () => {
    for (const round of await context.store.rounds.notFinal(federation))
      if (!(await finalizeRound(context, round))) return;
  });
}

/** Whether the round is final now. */
async function finalizeRound(context: Context, round: CommittedRound): Promise<boolean> {
  const { ledger, store, clock } = context;
  if (!(await isWindowOver(context, round))) return false;
  const account = await ledger.round(round.federation, round.number);
  // A void round is not this job's: dropVoidRounds follows the chain there.
  if (account !== undefined && (account.openDisputes > 0 || account.status === "void"))
    return false;
  if (account !== undefined) await finalizeOnChain(context, round);
  else if (await isAccountClosed(context, round))
    await store.transactions.confirm(round, "finalize", null, BigInt(clock.now()));
  else return false;
  await noteFinal(context, round);
  return true;
}

/**
 * Whether the round was final and its account has been closed for its rent, which takes a later
 * round that is final.
 */
async function isAccountClosed(
  { ledger }: Context,
  { federation, number }: CommittedRound,
): Promise<boolean> {
  const onChain = await ledger.federation(federation);
  return onChain !== undefined && onChain.finalRound > number;
}

async function finalizeOnChain(context: Context, round: CommittedRound): Promise<void> {
  const { clock, ledger, store } = context;
  await store.transactions.plan(round, "finalize", BigInt(clock.now()));
  await ensureTransaction(context, {
    key: round,
    kind: "finalize",
    isDone: (account) => account?.status === "final",
    send: (onSigned) => ledger.finalizeRound(round.federation, round.number, onSigned),
  });
}

async function noteFinal(context: Context, round: CommittedRound): Promise<void> {
  await noteMissedDisputes(context, round);
  await inTransaction(context, async (store) => {
    if (!(await store.rounds.finalize(round))) return;
    await store.events.append({
      federation: round.federation,
      type: "round-final",
      round: round.number,
      at: context.clock.now(),
    });
  });
}
