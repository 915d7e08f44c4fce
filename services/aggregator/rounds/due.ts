import type { FederationRow } from "../store/federations.ts";
import type { RoundRow } from "../store/rounds.ts";
import type { Context } from "./context.ts";

/**
 * Whether a collecting round is to be closed: at its deadline, when as many updates as the quorum count, or, so that a refused update does
 * not keep everybody waiting, when every active member's update is screened and the minimum counts.
 */
export async function isDueToClose(
  context: Context,
  federation: FederationRow,
  round: RoundRow,
): Promise<boolean> {
  if (round.state !== "collecting") return false;
  if (round.deadline_at !== null && context.clock.now() >= Number(round.deadline_at)) return true;
  const { quorum, minimum } = federation.configuration.rounds;
  const { counted, refused } = await context.store.updates.counts(round);
  if (counted >= quorum) return true;
  if (counted < minimum || counted + refused < quorum) return false;
  return counted + refused >= (await context.store.members.countActive(federation.address, round.number));
}
