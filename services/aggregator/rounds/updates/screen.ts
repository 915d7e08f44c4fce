import { compressorsById } from "@plenary/algorithms";
import { decodeEnvelope, type FederationConfiguration, REASONS } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { UpdateRow } from "../../store/updates.ts";
import type { Context } from "../context.ts";
import { isDueToClose } from "../due.ts";
import type { RoundTools } from "../round-tools.ts";

/** Screens one update, folds it in if it counts, and asks for the round's close if it was the last one needed. */
export async function screenReceivedUpdate(
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
  if (round !== undefined && (await isDueToClose(context, federation, round)))
    await context.scheduler.advance(update.federation);
}

/** Screens a received update, records the result and folds it in. Nothing happens if it was screened or superseded meanwhile. */
export async function screenInto(
  context: Context,
  { sums, screener }: RoundTools,
  federation: FederationRow,
  update: UpdateRow,
): Promise<void> {
  const screened = await screener.screen({
    configuration: federation.configuration,
    envelope: decodeEnvelope(update.envelope),
    payload: await context.blobs.read(update.payload_hash),
  });
  const now = context.clock.now();
  const recorded = await context.store.updates.setScreened(update.id, screened.leaf.reason, now);
  if (!recorded || screened.delta === undefined) return;
  const key = { federation: update.federation, number: update.round };
  sums.fold(key, federation.configuration, update.id, screened.delta, update.weight);
}

/** The update of a counted row, decoded anew from its payload. Screening has found it to be in order. */
export async function deltaOf(
  context: Context,
  { codecs, parameterCount }: FederationConfiguration,
  update: UpdateRow,
): Promise<Int32Array> {
  const compressor = compressorsById(codecs).get(decodeEnvelope(update.envelope).codec);
  if (compressor === undefined)
    throw new Error(`unreachable: update ${update.id} was counted with a codec that is none`);
  return compressor.decode(await context.blobs.read(update.payload_hash), parameterCount);
}

/** Whether a reason code says that the update counts. */
export function isCounted(reason: number | null): boolean {
  return reason === REASONS.counted.code;
}
