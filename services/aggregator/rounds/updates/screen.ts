import { decodeEnvelope, REASONS } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { UpdateRow } from "../../store/updates.ts";
import type { Context } from "../context.ts";
import { isDueToClose } from "../due.ts";
import type { RoundTools } from "../round-tools.ts";

/**
 * Screens one received update, folds it in if it counts, and asks for the round to be closed if
 * this was the last update that it needed.
 */
export async function screenReceived(
  context: Context,
  tools: RoundTools,
  id: bigint,
): Promise<void> {
  const update = await context.store.updates.find(id);
  if (update?.state !== "received") return;
  const federation = await context.store.federations.find(update.federation);
  if (federation === undefined) return;
  await screenInto(context, tools, federation, update);
  const round = await context.store.rounds.find({
    federation: update.federation,
    number: update.round,
  });
  if (round?.state !== "collecting") return;
  if (await isDueToClose(context, federation, round))
    await context.scheduler.advance(update.federation);
}

/**
 * Screens a received update, records the result and folds the update in. Nothing happens if the
 * update was screened or superseded in the meantime.
 */
export async function screenInto(
  context: Context,
  { sums, screener }: Pick<RoundTools, "sums" | "screener">,
  federation: FederationRow,
  update: UpdateRow,
): Promise<void> {
  const screened = await screener.screen({
    configuration: federation.configuration,
    envelope: decodeEnvelope(update.envelope),
    payload: await context.blobs.read(update.payload_hash),
    // The store hashed the payload when it took it in.
    payloadHash: update.payload_hash,
  });
  const now = context.clock.now();
  const recorded = await context.store.updates.setScreened(update.id, screened.leaf.reason, now);
  if (!recorded || screened.delta === undefined) return;
  const key = { federation: update.federation, number: update.round };
  sums.fold(key, federation.configuration, update.id, screened.delta, update.weight);
}

/** Whether a reason code says that the update counts. */
export function isCounted(reason: number | null): boolean {
  return reason === REASONS.counted.code;
}
