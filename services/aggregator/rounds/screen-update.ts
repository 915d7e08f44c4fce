import { type Screened, screenUpdate } from "@plenary/algorithms";
import { decodeEnvelope, type FederationConfiguration, REASONS } from "@plenary/protocol";
import type { FederationRow } from "../store/federations.ts";
import type { UpdateRow } from "../store/updates.ts";
import { type Context, inTransaction } from "./context.ts";
import { isDueToClose } from "./due.ts";
import type { RunningSums } from "./running-sums.ts";

/** Screens one update, folds it in if it counts, and asks for the round's close if it was the last one needed. */
export async function screenReceivedUpdate(context: Context, sums: RunningSums, id: bigint): Promise<void> {
  const update = await context.store.updates.find(id);
  if (update?.state !== "received") return;
  const federation = await context.store.federations.find(update.federation);
  if (federation === undefined) return;
  await screenInto(context, sums, federation, update);
  const round = await context.store.rounds.find({ federation: update.federation, number: update.round });
  if (round !== undefined && (await isDueToClose(context, federation, round)))
    await context.scheduler.advance(update.federation);
}

/** Screens a received update, records the result and folds it in. Nothing happens if it was screened or superseded meanwhile. */
export async function screenInto(
  context: Context,
  sums: RunningSums,
  federation: FederationRow,
  update: UpdateRow,
): Promise<void> {
  const screened = await screenPayload(context, federation.configuration, update);
  const recorded = await inTransaction(context, async (store) => {
    if (!(await store.updates.setScreened(update.id, screened.leaf.reason))) return false;
    const { federation: address, round, member } = update;
    await store.events.append({
      federation: address,
      type: "update-screened",
      round,
      member,
      at: context.clock.now(),
    });
    return true;
  });
  if (!recorded || screened.delta === undefined) return;
  const key = { federation: update.federation, number: update.round };
  sums.fold(key, federation.configuration, update.id, screened.delta, update.weight);
}

/** The update of a counted row, decoded anew from its payload. */
export async function deltaOf(
  context: Context,
  configuration: FederationConfiguration,
  update: UpdateRow,
): Promise<Int32Array> {
  const screened = await screenPayload(context, configuration, update);
  if (screened.delta !== undefined) return screened.delta;
  // Screening is a pure function of stored bytes whose hash is checked.
  throw new Error(`Update ${update.id} was counted and is now refused: ${screened.reason}`);
}

async function screenPayload(
  context: Context,
  configuration: FederationConfiguration,
  update: UpdateRow,
): Promise<Screened> {
  const payload = await context.blobs.read(update.payload_hash);
  return screenUpdate({ configuration, envelope: decodeEnvelope(update.envelope), payload });
}

/** Whether a reason code says that the update counts. */
export function isCounted(reason: number | null): boolean {
  return reason === REASONS.counted.code;
}
