import { toHex } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Context } from "../context.ts";
import type { RoundTools } from "../round-tools.ts";
import { closeRound } from "./close.ts";
import { commitRound } from "./commit.ts";
import { computeRound } from "./compute.ts";
import { dropVoidRounds, voidDropped } from "./drop-void.ts";
import { openRound } from "./open.ts";
import { planRound } from "./plan.ts";
import type { Progress } from "./progress.ts";
import { voidRound } from "./void.ts";

/**
 * Lets a federation take every step that it can. Each step leaves the database in a state from
 * which the next step starts, so the work may stop anywhere: between two steps or in the middle of
 * one. Of two workers that try at the same time, the second leaves at once.
 */
export async function advanceFederation(
  context: Context,
  tools: RoundTools,
  address: Uint8Array,
): Promise<void> {
  await context.database.withLock(`advance/${toHex(address)}`, async () => {
    for (;;) {
      const federation = await context.store.federations.find(address);
      if (federation === undefined) return;
      if (await dropVoidRounds(context, tools.sums, federation)) continue;
      if ((await takeStep(context, tools, federation)) === "waiting") return;
    }
  });
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
      return round.voidReason === null
        ? computeRound(context, tools, federation, round)
        : voidRound(context, round);
    case "committing": {
      // The evaluation is for people, and runs beside the commit.
      await context.scheduler.evaluate(federation.address, round.number);
      return commitRound(context, federation, round);
    }
    default:
      if (round !== undefined) tools.sums.forget(round);
      await voidDropped(context, federation);
      return federation.status === "running" ? planRound(context, federation, round) : "waiting";
  }
}
