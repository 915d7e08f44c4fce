import {
  completeRound,
  type RoundContext,
  type RoundResult,
  type RoundUpdate,
} from "@plenary/algorithms";
import { canonicalJsonBytes, decodeEnvelope, roundSeed, vectorToBytes } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { RoundRow } from "../../store/rounds.ts";
import type { UpdateRow } from "../../store/updates.ts";
import { type Context, inTransaction } from "../context.ts";
import { isDueToClose } from "../due.ts";
import type { ModelCache } from "../models/model-cache.ts";
import type { RoundTools } from "../round-tools.ts";
import { deltaOf, isCounted, screenInto } from "../updates/screen-update.ts";
import { auditRound, drawOf, reportsOf } from "./audit-round.ts";
import { CONTINUE, type Progress, waitFor } from "./progress.ts";
import { planVoid } from "./void-round.ts";

/** Ends collecting if it is time: after this commit no upload gets a receipt for the round. */
export async function closeRound(
  context: Context,
  federation: FederationRow,
  round: RoundRow,
): Promise<Progress> {
  if (!(await isDueToClose(context, federation, round))) return waitFor(null);
  await inTransaction(context, async (store) => {
    // The lock waits for uploads that are being accepted, and they for it.
    await store.rounds.lock(round);
    const closed = { state: "closing" as const, closed_at: BigInt(context.clock.now()) };
    if (!(await store.rounds.move(round, "collecting", closed))) return;
    await store.events.append({
      federation: federation.address,
      type: "round-closed",
      round: round.number,
      at: context.clock.now(),
    });
  });
  return CONTINUE;
}

/**
 * Computes a closed round: screens what is left, completes the sum, and stores next model, state and manifest with the decision to commit
 * them. Where training is audited, that waits for the audits. With too few counted updates the round is to be made void.
 */
export async function finishRound(
  context: Context,
  tools: RoundTools,
  federation: FederationRow,
  round: RoundRow,
): Promise<Progress> {
  await screenRest(context, tools, federation, round);
  const standing = await context.store.updates.standing(round);
  const counted = standing.filter(({ reason }) => isCounted(reason));
  const { minimum } = federation.configuration.rounds;
  if (counted.length < minimum) {
    const reason = `${counted.length} updates counted at the deadline; ${minimum} are needed.`;
    await planVoid(context, round, reason);
    context.log.warn(
      { round: round.number.toString(), counted: counted.length, minimum },
      "the round will be void",
    );
    return CONTINUE;
  }
  const { audits } = federation.configuration;
  if (audits !== undefined && round.audits_closed_at === null)
    return auditRound(context, federation, audits, round);
  const result = await compute(context, tools, federation, round, standing);
  await record(context, tools, federation, round, result);
  return CONTINUE;
}

async function screenRest(
  context: Context,
  tools: RoundTools,
  federation: FederationRow,
  round: RoundRow,
): Promise<void> {
  for (const update of await context.store.updates.standing(round))
    if (update.state === "received") await screenInto(context, tools, federation, update);
}

async function compute(
  context: Context,
  { sums, models, evaluator }: RoundTools,
  federation: FederationRow,
  round: RoundRow,
  standing: readonly UpdateRow[],
): Promise<RoundResult> {
  const { configuration } = federation;
  const rows = new Map(standing.map((row) => [row.id, row]));
  const decode = async (id: bigint): Promise<Int32Array> => {
    const row = rows.get(id) ?? (await context.store.updates.find(id));
    if (row === undefined)
      throw new Error(`unreachable: update ${id} was folded and is not stored`);
    return deltaOf(context, configuration, row);
  };
  const counted = standing.filter(({ reason }) => isCounted(reason));
  const accumulator = await sums.complete(round, configuration, counted, decode);
  const byMessage = new Map<Uint8Array, UpdateRow>(standing.map((row) => [row.envelope, row]));
  return completeRound(
    {
      context: await roundContext(context, models, federation, round),
      updates: standing.map(signedUpdate),
      accumulator,
      audits: await reportsOf(context, round),
      delta: async ({ message }) => {
        const row = byMessage.get(message);
        if (row === undefined) throw new Error("unreachable: an update that is not of this round");
        return deltaOf(context, configuration, row);
      },
    },
    (model) => evaluator.utility(configuration, model),
  );
}

async function roundContext(
  context: Context,
  models: ModelCache,
  federation: FederationRow,
  round: RoundRow,
): Promise<RoundContext> {
  const earned = await context.store.rewards.ofRound({
    federation: round.federation,
    number: round.base_round,
  });
  return {
    genesisHash: federation.genesis_hash,
    programId: federation.program_id,
    federation: federation.address,
    round: round.number,
    configuration: federation.configuration,
    seed: roundSeed(round.base_root, round.number, slotHashOf(round)),
    auditDraw: drawOf(round),
    previousManifest: round.previous_manifest,
    base: await models.load(round.base_blob),
    state: await models.load(round.base_state_blob),
    earned: earned.map(({ member, cumulative }) => ({ member, cumulative })),
  };
}

/** The slot hash that the program recorded when the round opened. */
function slotHashOf(round: RoundRow): Uint8Array {
  if (round.slot_hash === null) throw new Error("unreachable: a round that closes was opened");
  return round.slot_hash;
}

function signedUpdate(row: UpdateRow): RoundUpdate {
  const envelope = decodeEnvelope(row.envelope);
  const reason = row.reason ?? 0;
  return {
    leaf: {
      member: row.member,
      sequence: row.sequence,
      envelopeHash: row.envelope_hash,
      deltaRoot: envelope.deltaRoot,
      weight: isCounted(reason) ? row.weight : 0,
      reason,
      payloadHash: row.payload_hash,
    },
    signingKey: row.signing_key,
    message: row.envelope,
    signature: row.signature,
  };
}

/** Blobs first, then the row that names them. */
async function record(
  context: Context,
  { models }: RoundTools,
  federation: FederationRow,
  round: RoundRow,
  result: RoundResult,
): Promise<void> {
  const { blobs } = context;
  const [nextBlob, stateBlob] = await Promise.all([
    blobs.write(vectorToBytes(result.next)),
    blobs.write(vectorToBytes(result.state)),
    blobs.write(canonicalJsonBytes(federation.configuration)),
    blobs.write(canonicalJsonBytes(result.manifest)),
  ]);
  models.keep(nextBlob, result.next);
  models.keep(stateBlob, result.state);
  await inTransaction(context, async (store) => {
    const moved = await store.rounds.move(round, "closing", {
      state: "committing",
      next_root: result.roots.next,
      next_blob: nextBlob,
      next_state_root: result.roots.stateAfter,
      next_state_blob: stateBlob,
      updates_root: result.roots.updates,
      update_count: result.leaves.length,
      total_weight: result.totalWeight,
      rewards_root: result.roots.rewards,
      reward_count: result.rewards.length,
      cumulative_rewards: result.cumulativeRewards,
      manifest_hash: result.manifestHash,
    });
    if (!moved) return;
    for (const { member, score } of result.scores)
      await store.updates.setScore(round, member, score);
    await store.rewards.insert(
      result.rewards.map(({ member, cumulative }) => ({
        federation: round.federation,
        round: round.number,
        member,
        cumulative,
      })),
    );
    await store.transactions.plan(round, "commit", BigInt(context.clock.now()));
  });
}
