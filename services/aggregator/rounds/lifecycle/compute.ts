import { type CompletedRound, completeRound } from "@plenary/algorithms";
import { canonicalJsonBytes, vectorToBytes } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { ClosingRound } from "../../store/rounds.ts";
import { type Context, inTransaction } from "../context.ts";
import { isTooLateToCommit } from "../due.ts";
import { evaluatedConfiguration } from "../federations/questionnaire.ts";
import type { RoundTools } from "../round-tools.ts";
import { isCounted, screenInto } from "../updates/screen.ts";
import { auditRound } from "./audit.ts";
import { reportsOf } from "./audit-draw.ts";
import type { Progress } from "./progress.ts";
import { roundContext, StandingUpdates } from "./round-inputs.ts";
import { giveUpRound, NOT_IN_TIME } from "./void.ts";

/**
 * Computes a closed round: screens the updates that are left, completes the sum, and stores the
 * next model, state and manifest together with the decision to commit them. Where training is
 * audited, the computation waits for the audits. With too few counted updates the round will be
 * void.
 */
export async function computeRound(
  context: Context,
  tools: RoundTools,
  federation: FederationRow,
  round: ClosingRound,
): Promise<Progress> {
  try {
    return await computeWhatStands(context, tools, federation, round);
  } catch (error) {
    // What fails is tried again, but not for ever: one that fails until the end is void.
    if (!(await isTooLateToCommit(context, round))) throw error;
    context.log.error({ round: round.number.toString(), err: error }, "a round cannot be computed");
    await giveUpRound(context, round, NOT_IN_TIME);
    return "stepped";
  }
}

async function computeWhatStands(
  context: Context,
  tools: RoundTools,
  federation: FederationRow,
  round: ClosingRound,
): Promise<Progress> {
  await screenRest(context, tools, federation, round);
  const standing = await context.store.updates.standing(round);
  const counted = standing.filter(({ reason }) => isCounted(reason)).length;
  const { minimum } = federation.configuration.rounds;
  if (counted < minimum) {
    const reason = `${counted} updates counted at the deadline; ${minimum} are needed.`;
    await giveUpRound(context, round, reason);
    const fields = { round: round.number.toString(), counted, minimum };
    context.log.warn(fields, "the round will be void");
    return "stepped";
  }
  const { audits } = federation.configuration;
  if (audits !== undefined && (round.audits === null || round.audits.closedAt === null))
    return auditRound(context, federation, audits, round);
  const updates = new StandingUpdates(context, federation.configuration, standing);
  const result = await compute(context, tools, federation, round, updates);
  await record(context, tools, federation, round, result);
  return "stepped";
}

async function screenRest(
  context: Context,
  tools: RoundTools,
  federation: FederationRow,
  round: ClosingRound,
): Promise<void> {
  for (const update of await context.store.updates.standing(round))
    if (update.state === "received") await screenInto(context, tools, federation, update);
}

async function compute(
  context: Context,
  { sums, models, evaluator }: RoundTools,
  federation: FederationRow,
  round: ClosingRound,
  updates: StandingUpdates,
): Promise<CompletedRound> {
  const { configuration } = federation;
  const evaluated = await evaluatedConfiguration(context, federation, round);
  const running = await sums.complete(round, configuration, updates.counted(), (id) =>
    updates.delta(id),
  );
  return completeRound(
    {
      context: await roundContext(context, models, federation, round),
      updates: updates.signed(),
      running,
      audits: await reportsOf(context, round),
      delta: (update) => updates.deltaOf(update),
    },
    (model) => evaluator.utility(evaluated, model),
    context.registries,
  );
}

/** Stores the blobs first, then the row that names them. */
async function record(
  context: Context,
  { models }: RoundTools,
  federation: FederationRow,
  round: ClosingRound,
  result: CompletedRound,
): Promise<void> {
  const { blobs } = context;
  const [nextBlob, nextStateBlob] = await Promise.all([
    blobs.write(vectorToBytes(result.next)),
    blobs.write(vectorToBytes(result.state)),
    blobs.write(canonicalJsonBytes(federation.configuration)),
    blobs.write(canonicalJsonBytes(result.manifest)),
  ]);
  models.keep(nextBlob, result.next);
  models.keep(nextStateBlob, result.state);
  await inTransaction(context, async (store) => {
    const computed = { commitment: commitmentOf(result), nextBlob, nextStateBlob };
    if (!(await store.rounds.compute(round, computed))) return;
    for (const { member, score } of result.scores)
      await store.updates.setScore(round, member, score);
    const { federation: address, number } = round;
    await store.rewards.insert(
      result.rewards.map(({ member, cumulative }) => ({
        ...{ federation: address, round: number },
        ...{ member, cumulative },
      })),
    );
    await store.transactions.plan(round, "commit", BigInt(context.clock.now()));
  });
}

function commitmentOf(result: CompletedRound) {
  return {
    nextRoot: result.roots.next,
    nextStateRoot: result.roots.stateAfter,
    updatesRoot: result.roots.updates,
    updateCount: result.leaves.length,
    totalWeight: result.totalWeight,
    rewardsRoot: result.roots.rewards,
    rewardCount: result.rewards.length,
    cumulativeRewards: result.cumulativeRewards,
    manifestHash: result.manifestHash,
  };
}
