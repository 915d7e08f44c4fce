import {
  compareBytes,
  hashJson,
  PlenaryError,
  REASONS,
  toBase58,
  type UpdateLeaf,
} from "@plenary/protocol";
import {
  aggregateRound,
  createAggregator,
  type RoundAggregate,
  type RunningAggregate,
} from "./aggregators/index.ts";
import { checkAuditLeaves, checkRoundAudits, type SignedAuditReport } from "./audits.ts";
import { createContribution, type Evaluate } from "./contribution/index.ts";
import { vectorRootFast } from "./kernels/index.ts";
import { buildManifest } from "./manifest.ts";
import { REGISTRIES, type Registries } from "./registries.ts";
import { addPay, type Pay, splitBudget, totalEarned } from "./rewards.ts";
import type { CompletedRound, RoundContext, RoundUpdate } from "./round.ts";
import { rewardsRoot, updatesRoot } from "./round-roots.ts";
import { createStrategy, joinState, splitState } from "./strategies/index.ts";

/** A round whose updates have all been screened. */
export interface CollectedRound {
  readonly context: RoundContext;
  /** One for every member with a receipt, counted or refused, in any order. */
  readonly updates: readonly RoundUpdate[];
  /**
   * The sum of all counted updates, if the aggregator is incremental and they were folded as they
   * arrived. Updates are taken out and put back in between; afterwards it holds the same.
   */
  readonly running?: RunningAggregate | undefined;
  /** Decodes a counted update. */
  readonly delta: (update: RoundUpdate) => Promise<Int32Array>;
  /** Auditors' reports that arrived before the round was computed, in any order. */
  readonly audits?: readonly SignedAuditReport[];
}

/** The server's step on an aggregate of this round. */
type Step = (aggregate: Int32Array) => Pick<CompletedRound, "next" | "state">;

/*
 * THE round computation. The service folds updates as they arrive and calls completeRound. A
 * verifier calls replayRound, which screens and folds the same public bytes and calls completeRound
 * as well. Everything is a pure function of its arguments, down to the manifest's hash. The order
 * of updates does not matter.
 */

/**
 * Computes server step, scores, rewards, roots and manifest. `evaluate` gives a model's utility as
 * an integer (see Evaluate). Throws `round-inconsistent` if nothing was counted, or if the running
 * sum does not hold what the leaves and the audits say; also throws as checkRoundAudits does.
 */
export async function completeRound(
  collected: CollectedRound,
  evaluate: Evaluate,
  registries: Registries = REGISTRIES,
): Promise<CompletedRound> {
  const { context } = collected;
  const updates = collected.updates.toSorted((a, b) => compareBytes(a.leaf.member, b.leaf.member));
  checkUpdates(updates, context);
  const leaves = updates.map(({ leaf }) => leaf);
  const reports = checkRoundAudits(context, leaves, collected.audits ?? []);
  checkAuditLeaves(leaves, reports);
  const step = stepOf(context, registries);
  const counted = updates.filter(isCounted);
  const aggregate = await aggregateCounted(collected, counted, registries);
  const { next, state } = step(aggregate.all);
  const contribution = createContribution(
    context.configuration.contribution,
    registries.contributions,
  );
  const scores = await contribution.score({
    next,
    nextWithout: async (index) => step(await aggregate.without(index)).next,
    counted: counted.map(({ leaf }) => leaf),
    evaluate,
  });
  const rewards = addPay(context.earned, payOf(context, counted, scores));
  const result = {
    next,
    state,
    roots: {
      base: vectorRootFast(context.base),
      next: vectorRootFast(next),
      stateBefore: vectorRootFast(context.state),
      stateAfter: vectorRootFast(state),
      updates: updatesRoot(leaves),
      rewards: rewardsRoot(rewards),
    },
    leaves,
    totalWeight: leaves.reduce((sum, { weight }) => sum + weight, 0),
    counted: counted.length,
    scores: counted.map(({ leaf }, i) => ({ member: leaf.member, score: scores[i]! })),
    rewards,
    cumulativeRewards: totalEarned(rewards),
  };
  const manifest = await buildManifest(context, updates, reports, result);
  return { ...result, manifest, manifestHash: hashJson(manifest) };
}

function isCounted({ leaf }: RoundUpdate): boolean {
  return leaf.reason === REASONS.counted.code;
}

function stepOf(context: RoundContext, registries: Registries): Step {
  const { base, configuration } = context;
  const { parameterCount } = configuration;
  const strategy = createStrategy(configuration.strategy, registries.strategies);
  if (base.length !== parameterCount)
    throw new PlenaryError(
      "round-inconsistent",
      `The base model has ${base.length} parameters, the configuration ${parameterCount}.`,
      { expected: parameterCount, actual: base.length },
    );
  const before = splitState(strategy, parameterCount, context.state);
  return (aggregate) => {
    const { next, state } = strategy.apply(base, aggregate, before);
    return { next, state: joinState(state) };
  };
}

function aggregateCounted(
  { context, running, delta }: CollectedRound,
  counted: readonly RoundUpdate[],
  registries: Registries,
): Promise<RoundAggregate> {
  const { aggregator } = context.configuration;
  const updates = counted.map((update) => ({
    weight: update.leaf.weight,
    delta: () => delta(update),
  }));
  return aggregateRound(createAggregator(aggregator, registries.aggregators), updates, running);
}

function payOf(
  { configuration }: RoundContext,
  counted: readonly RoundUpdate[],
  scores: readonly bigint[],
): Pay[] {
  const amounts = splitBudget(scores, BigInt(configuration.rewardPerRound));
  return counted.map(({ leaf }, i) => ({ member: leaf.member, amount: amounts[i]! }));
}

function checkUpdates(updates: readonly RoundUpdate[], { configuration }: RoundContext): void {
  const { maxUpdates } = configuration.limits;
  if (updates.length > maxUpdates)
    throw new PlenaryError(
      "round-inconsistent",
      `This federation's rounds take at most ${maxUpdates} updates; this one has ${updates.length}.`,
      { limit: maxUpdates, actual: updates.length },
    );
  updates.forEach((update, i) => {
    const { leaf } = update;
    const before = updates[i - 1];
    if (before !== undefined && compareBytes(before.leaf.member, leaf.member) === 0)
      throw inconsistent("A member has two updates in this round.", leaf);
    if (isCounted(update) !== leaf.weight > 0)
      throw inconsistent("An update counts if and only if its leaf has a weight.", leaf);
  });
}

function inconsistent(message: string, leaf: UpdateLeaf): PlenaryError {
  const member = toBase58(leaf.member);
  return new PlenaryError("round-inconsistent", `${message} (${member})`, { member });
}
