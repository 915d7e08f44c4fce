import { toHex } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Context } from "../context.ts";
import type { RoundTools } from "../round-tools.ts";
import { closeRound, finishRound } from "./close-round.ts";
import { commitRound } from "./commit-round.ts";
import { dropVoidRounds, voidDropped } from "./drop-void-rounds.ts";
import { openRound, planRound } from "./open-round.ts";
import { type Progress, waitFor } from "./progress.ts";
import { voidRound } from "./void-round.ts";

/**
 * Lets a federation take every step that it can. Each step leaves the database in a state from which the next begins, so that it may stop
 * anywhere: between two steps, in the middle of one, and in two workers at once, of which the second leaves at once. Resolves with when
 * to look again.
 */
export async function advanceFederation(
  context: Context,
  tools: RoundTools,
  address: Uint8Array,
): Promise<Progress> {
  const progress = await context.database.withLock(`advance/${toHex(address)}`, async () => {
    for (;;) {
      const federation = await context.store.federations.find(address);
      if (federation === undefined) return waitFor(null);
      if (await dropVoidRounds(context, tools.sums, federation)) continue;
      const step = await takeStep(context, tools, federation);
      if (step.kind === "wait") return step;
    }
  });
  return progress ?? waitFor(null);
}

async function takeStep(
  context: Context,
  tools: RoundTools,
  federation: FederationRow,
): Promise<Progress> {
  const round = await context.store.rounds.newest(federation.address);
  switch (round?.state) {
    case "opening":
      return openRound(context, federation, round);
    case "collecting":
      return closeRound(context, federation, round);
    case "closing":
      return round.void_reason === null
        ? finishRound(context, tools, federation, round)
        : voidRound(context, federation, round);
    case "committing": {
      // Evaluation is for people; it goes on beside the commit.
      await context.scheduler.evaluate(federation.address, round.number);
      return commitRound(context, federation, round);
    }
    default:
      if (round !== undefined) tools.sums.forget(round);
      await voidDropped(context, federation);
      return federation.status === "running"
        ? planRound(context, federation, round)
        : waitFor(null);
  }
}
