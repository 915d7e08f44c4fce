import { PlenaryError } from "@plenary/protocol";
import type { FederationRow } from "../store/federations.ts";
import type { CollectingRound, CommittedRound, Round } from "../store/rounds.ts";
import type { Context } from "./context.ts";

/*
 * When a round is due for its next step is decided here. The queries in store/hints.ts only say
 * where it is worth looking.
 */

/**
 * Whether to close a collecting round: at its deadline; when as many updates as the quorum count
 * and it has collected for `collectSeconds`; or when every active member's update is screened, and
 * the quorum counts or is out of reach. The last keeps nobody waiting for a missing member or a
 * refused update.
 */
export async function isDueToClose(
  context: Context,
  federation: FederationRow,
  round: CollectingRound,
): Promise<boolean> {
  const { quorum, minimum, collectSeconds = 0 } = federation.configuration.rounds;
  const { counted, refused } = await context.store.updates.counts(round);
  const { openedAt, deadlineAt } = round.opened;
  if (counted >= quorum && collectSeconds === 0) return true;
  if (counted >= minimum && counted + refused >= quorum) {
    const active = await context.store.members.countActive(federation.address, round.number);
    if (counted + refused >= active) return true;
  }
  const end = counted >= quorum ? openedAt + 1_000 * collectSeconds : deadlineAt;
  return isPast(context, Math.min(end, deadlineAt));
}

/**
 * By the chain's clock. While the chain does not answer nobody is cut off: the round cannot end
 * without the chain in any case.
 */
async function isPast({ chainClock }: Context, time: number): Promise<boolean> {
  try {
    return (await chainClock.now()) >= time;
  } catch (error) {
    if (error instanceof PlenaryError && error.code === "chain-unavailable") return false;
    throw error;
  }
}

/** Whether the chain no longer takes the round's commit, and has not taken it. */
export async function isTooLateToCommit(
  { ledger, chainClock }: Context,
  { federation, number, opened }: Round & { readonly opened: { readonly commitBy: number } },
): Promise<boolean> {
  if ((await chainClock.now()) <= opened.commitBy) return false;
  const account = await ledger.round(federation, number);
  if (account?.status === "void") return true;
  return account?.status === "open" && (await ledger.now()) > opened.commitBy;
}

/** Whether the challenge window of a committed round is over by the chain's clock. */
export async function isWindowOver(
  { ledger }: Context,
  { committed }: CommittedRound,
): Promise<boolean> {
  return committed.challengeEndsAt <= (await ledger.now());
}
