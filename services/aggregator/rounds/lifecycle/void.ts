import type { ClosingRound, CommittingRound } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import type { Progress } from "./progress.ts";

export const NOT_IN_TIME = "The round was not committed in time.";

/** Writes down that a round is not committed but voided, and why. */
export async function giveUpRound(
  context: Context,
  round: ClosingRound | CommittingRound,
  reason: string,
): Promise<void> {
  await inTransaction(context, async (store) => {
    if (await store.rounds.giveUp(round, round.state, reason))
      await store.transactions.plan(round, "void", BigInt(context.clock.now()));
  });
}

/** Makes a round void once the chain allows it: when the deadline and the grace are over. */
export async function voidRound(context: Context, round: ClosingRound): Promise<Progress> {
  const { ledger, clock } = context;
  const { federation, number, opened } = round;
  // Anybody may void it, and then there is nothing to wait for.
  const account = await ledger.round(federation, number);
  if (account?.status !== "void" && (await ledger.now()) <= opened.commitBy) return "waiting";
  await ensureTransaction(context, {
    key: round,
    kind: "void",
    isDone: (account) => account?.status === "void",
    send: (onSigned) => ledger.voidRound(federation, number, onSigned),
  });
  await inTransaction(context, async (store) => {
    if (!(await store.rounds.makeVoid(round, "closing", round.voidReason ?? NOT_IN_TIME))) return;
    await store.events.append({ federation, type: "round-void", round: number, at: clock.now() });
  });
  return "stepped";
}
