import type { FederationRow } from "../../store/federations.ts";
import type { CollectingRound } from "../../store/rounds.ts";
import { type Context, inTransaction } from "../context.ts";
import { isDueToClose } from "../due.ts";
import type { Progress } from "./progress.ts";

/** Ends collecting if it is time. From then on no upload gets a receipt for the round. */
export async function closeRound(
  context: Context,
  federation: FederationRow,
  round: CollectingRound,
): Promise<Progress> {
  if (!(await isDueToClose(context, federation, round))) return "waiting";
  await inTransaction(context, async (store) => {
    // The lock waits for uploads that are being accepted, and they wait for it.
    await store.rounds.lock(round);
    const now = context.clock.now();
    if (!(await store.rounds.close(round, now))) return;
    await store.events.append({
      federation: federation.address,
      type: "round-closed",
      round: round.number,
      at: now,
    });
  });
  return "stepped";
}
