import type { RoundRow } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { noteMissedDisputes } from "../disputes/missed-disputes.ts";

/**
 * Makes committed rounds final, oldest first, as far as their challenge windows are over by the chain's clock and no dispute goes on.
 */
export async function finalizeRounds(context: Context, federation: Uint8Array): Promise<void> {
  await context.database.withLock(
    `finalize/${Buffer.from(federation).toString("hex")}`,
    async () => {
      for (const round of await context.store.rounds.notFinal(federation)) {
        if (Number(round.challenge_ends_at ?? 0n) > (await context.ledger.now())) return;
        const account = await context.ledger.round(federation, round.number);
        // One that is void is not this job's: dropVoidRounds follows the chain there.
        if (account !== undefined && (account.openDisputes > 0 || account.status === "void"))
          return;
        if (account !== undefined) await finalizeOnChain(context, round);
        else if (await isClosed(context, round))
          await context.store.transactions.confirm(
            round,
            "finalize",
            null,
            BigInt(context.clock.now()),
          );
        else return;
        await noteFinal(context, round);
      }
    },
  );
}

/** Whether the round was final, and its account closed for its rent: that takes a later round that is final. */
async function isClosed({ ledger }: Context, { federation, number }: RoundRow): Promise<boolean> {
  const onChain = await ledger.federation(federation);
  return onChain !== undefined && onChain.finalRound > number;
}

async function finalizeOnChain(context: Context, round: RoundRow): Promise<void> {
  const { clock, ledger, store } = context;
  await store.transactions.plan(round, "finalize", BigInt(clock.now()));
  await ensureTransaction(context, {
    key: round,
    kind: "finalize",
    isDone: (account) => account?.status === "final",
    send: (onSigned) => ledger.finalizeRound(round.federation, round.number, onSigned),
  });
}

async function noteFinal(context: Context, round: RoundRow): Promise<void> {
  await noteMissedDisputes(context, round);
  await inTransaction(context, async (transaction) => {
    if (!(await transaction.rounds.move(round, "committed", { state: "final" }))) return;
    await transaction.events.append({
      federation: round.federation,
      type: "round-final",
      round: round.number,
      at: context.clock.now(),
    });
  });
}
