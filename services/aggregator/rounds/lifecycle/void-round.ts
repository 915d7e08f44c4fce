import type { FederationRow } from "../../store/federations.ts";
import type { RoundRow } from "../../store/rounds.ts";
import { ensureTransaction } from "../chain-transaction.ts";
import { type Context, inTransaction } from "../context.ts";
import { CONTINUE, type Progress, waitFor } from "./progress.ts";

const MARGIN_MILLISECONDS = 1_000;

/** Writes down that a closed round is to be made void, and why. */
export async function planVoid(context: Context, round: RoundRow, reason: string): Promise<void> {
  await inTransaction(context, async (store) => {
    await store.rounds.move(round, "closing", { void_reason: reason });
    await store.transactions.plan(round, "void", BigInt(context.clock.now()));
  });
}

/** Makes a round void once the chain allows it: when deadline and grace are over. */
export async function voidRound(
  context: Context,
  federation: FederationRow,
  round: RoundRow,
): Promise<Progress> {
  const { ledger, clock } = context;
  // Anybody may void it, so it is not waited for in vain.
  const account = await ledger.round(federation.address, round.number);
  const remaining =
    account?.status === "void" ? -1 : Number(round.commit_by ?? 0n) - (await ledger.now());
  if (remaining >= 0) return waitFor(remaining + MARGIN_MILLISECONDS);
  await ensureTransaction(context, {
    key: round,
    kind: "void",
    isDone: (account) => account?.status === "void",
    send: (onSigned) => ledger.voidRound(federation.address, round.number, onSigned),
  });
  await inTransaction(context, async (store) => {
    if (!(await store.rounds.move(round, "closing", { state: "void" }))) return;
    await store.events.append({
      federation: federation.address,
      type: "round-void",
      round: round.number,
      at: clock.now(),
    });
  });
  return CONTINUE;
}
