import { PlenaryError } from "@plenary/protocol";
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
  const { quorum, minimum } = federation.configuration.rounds;
  const { counted, refused } = await context.store.updates.counts(round);
  if (counted >= quorum) return true;
  if (counted >= minimum && counted + refused >= quorum) {
    const active = await context.store.members.countActive(federation.address, round.number);
    if (counted + refused >= active) return true;
  }
  return isPastDeadline(context, round);
}

/** By the chain's clock. While the chain does not answer nobody is cut off: without it the round cannot end anyway. */
async function isPastDeadline(
  { chainClock }: Context,
  { deadline_at }: RoundRow,
): Promise<boolean> {
  if (deadline_at === null) return false;
  try {
    return (await chainClock.now()) >= Number(deadline_at);
  } catch (error) {
    if (error instanceof PlenaryError && error.code === "chain-unavailable") return false;
    throw error;
  }
}
