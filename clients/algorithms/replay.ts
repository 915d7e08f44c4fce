import {
  compareBytes,
  decodeEnvelope,
  type Envelope,
  encodeRewardLeaf,
  encodeUpdateLeaf,
  envelopeHash,
  hashJson,
  leafHash,
  merkleRoot,
  PlenaryError,
  REASONS,
  type RewardLeaf,
  toBase58,
  toHex,
  type UpdateLeaf,
  verifySignature,
} from "@plenary/protocol";
import { type Accumulator, createAggregator } from "./aggregators/index.ts";
import { checkAuditLeaves, checkRoundAudits, isFailure, type SignedAuditReport } from "./audits.ts";
import { hashBlob } from "./blob-hash.ts";
import { createContribution, type Evaluate, type ScoredUpdate } from "./contribution/index.ts";
import { vectorRootFast } from "./kernels/index.ts";
import { buildManifest } from "./manifest.ts";
import { addPay, splitBudget, totalEarned } from "./rewards.ts";
import type { RoundContext, RoundResult, RoundUpdate } from "./round.ts";
import { admitEnvelope, decodeUpdate, screenUpdate, type UpdateBytes } from "./screening/index.ts";
import { createStrategy, type Strategy } from "./strategies/index.ts";

/*
 * THE round computation. The service folds updates as they arrive and calls completeRound; a verifier calls replayRound, which screens
 * and folds the same public bytes and calls completeRound as well. Everything is a pure function of its arguments, down to the manifest's
 * hash; the order of updates and how sums were split between workers do not matter.
 */

/** A round whose updates have all been screened and folded. */
export interface CollectedRound {
  readonly context: RoundContext;
  /** One for every member with a receipt, counted or refused, in any order. */
  readonly updates: readonly RoundUpdate[];
  /** All counted updates. Unchanged afterwards, though taken apart in between. */
  readonly accumulator: Accumulator;
  /** A counted update, decoded anew; asked for one at a time. */
  readonly delta: (update: RoundUpdate) => Promise<Int32Array>;
  /** What auditors reported until the round was computed, in any order. */
  readonly audits?: readonly SignedAuditReport[];
}

/**
 * Server step, scores, rewards, roots and manifest. `evaluate` gives a model's utility as an integer (see Evaluate). Throws
 * `round-inconsistent` if nothing was counted or the accumulator does not hold what the leaves and the audits say, and as
 * checkRoundAudits does.
 */
export async function completeRound(
  collected: CollectedRound,
  evaluate: Evaluate,
): Promise<RoundResult> {
  const { context, accumulator } = collected;
  const strategy = createStrategy(context.configuration.strategy);
  checkContext(context, strategy);
  const updates = collected.updates.toSorted((a, b) => compareBytes(a.leaf.member, b.leaf.member));
  checkUpdates(updates, accumulator, context);
  const leaves = updates.map(({ leaf }) => leaf);
  const reports = checkRoundAudits(context, leaves, collected.audits ?? []);
  checkAuditLeaves(leaves, reports);
  const step = strategy.apply(context.base, accumulator.finish(), context.state);
  const scores = await scoreUpdates({ ...collected, updates }, strategy, step.next, evaluate);
  const pay = splitBudget(
    scores.map(({ score }) => score),
    BigInt(context.configuration.rewardPerRound),
  );
  const rewards = addPay(
    context.earned,
    scores.map(({ member }, i) => ({ member, amount: pay[i]! })),
  );
  const result = {
    ...step,
    roots: {
      base: vectorRootFast(context.base),
      next: vectorRootFast(step.next),
      stateBefore: vectorRootFast(context.state),
      stateAfter: vectorRootFast(step.state),
      updates: updatesRoot(leaves),
      rewards: rewardsRoot(rewards),
    },
    leaves,
    totalWeight: accumulator.totalWeight,
    counted: accumulator.count,
    scores,
    rewards,
    cumulativeRewards: totalEarned(rewards),
  };
  const manifest = await buildManifest(context, updates, reports, result);
  return { ...result, manifest, manifestHash: hashJson(manifest) };
}

/** An update as the manifest publishes it. */
export type SignedUpdate = Omit<RoundUpdate, "leaf">;

/** A round from public bytes alone. */
export interface PublicRound {
  readonly context: RoundContext;
  /** In any order. */
  readonly updates: readonly SignedUpdate[];
  /** The payload with this SHA-256; asked for one at a time. */
  readonly payload: (payloadHash: Uint8Array) => Promise<Uint8Array>;
  /** Auditors' reports as the manifest publishes them. */
  readonly audits?: readonly SignedAuditReport[];
}

/**
 * Computes a round anew: checks every signature and envelope, screens, folds, completes. Throws `verification-failed` if an update could
 * not have had a receipt in this round (form, signature, chain, round, base, codec, limits), and as screenUpdate and completeRound do.
 */
export async function replayRound(round: PublicRound, evaluate: Evaluate): Promise<RoundResult> {
  const { context } = round;
  const accumulator = createAggregator(context.configuration.aggregator).create(
    context.base.length,
  );
  const baseRoot = vectorRootFast(context.base);
  const envelopes = round.updates.map((update) => readEnvelope(context, baseRoot, update));
  const failed = failedAudits(round, envelopes);
  const updates: RoundUpdate[] = [];
  for (const [i, update] of round.updates.entries()) {
    const envelope = envelopes[i]!;
    const auditFailed = failed.has(toHex(envelope.member));
    const screened = screenUpdate({ ...(await fetchUpdate(round, envelope)), auditFailed });
    updates.push({ ...update, leaf: screened.leaf });
    if (screened.delta !== undefined) accumulator.fold(screened.delta, screened.leaf.weight);
  }
  const delta = async ({ message }: RoundUpdate): Promise<Int32Array> =>
    decodeUpdate(await fetchUpdate(round, decodeEnvelope(message)));
  return completeRound(
    { context, updates, accumulator, delta, audits: round.audits ?? [] },
    evaluate,
  );
}

/** Root of the updates tree; leaves ascend by member. */
export function updatesRoot(leaves: readonly UpdateLeaf[]): Uint8Array {
  return merkleRoot(leaves.map((leaf) => leafHash(encodeUpdateLeaf(leaf))));
}

/** Root of the rewards tree; leaves ascend by member. */
export function rewardsRoot(leaves: readonly RewardLeaf[]): Uint8Array {
  return merkleRoot(leaves.map((leaf) => leafHash(encodeRewardLeaf(leaf))));
}

async function fetchUpdate(round: PublicRound, envelope: Envelope): Promise<UpdateBytes> {
  const payload = await round.payload(envelope.payloadHash);
  return {
    configuration: round.context.configuration,
    envelope,
    payload,
    payloadHash: await hashBlob(payload),
  };
}

/** Members whose training an auditor's report refuses. */
function failedAudits(
  { context, updates, audits }: PublicRound,
  envelopes: readonly Envelope[],
): Set<string> {
  const audited = envelopes.map(({ member }, i) => ({
    member,
    envelopeHash: envelopeHash(updates[i]!.message),
  }));
  const reports = checkRoundAudits(context, audited, audits ?? []);
  return new Set(
    reports.filter(({ report }) => isFailure(report)).map(({ report }) => toHex(report.member)),
  );
}

function readEnvelope(context: RoundContext, baseRoot: Uint8Array, update: SignedUpdate): Envelope {
  try {
    const envelope = decodeEnvelope(update.message);
    if (!verifySignature(update.message, update.signature, update.signingKey))
      throw new PlenaryError(
        "signature-invalid",
        "The signature is not its key's over this envelope.",
      );
    admitEnvelope(envelope, { ...context, baseRoot }, context.configuration);
    return envelope;
  } catch (cause) {
    if (!(cause instanceof PlenaryError)) throw cause;
    const signingKey = toBase58(update.signingKey);
    throw new PlenaryError(
      "verification-failed",
      `The update signed by ${signingKey} could not have been part of round ${context.round}: ${cause.message}`,
      { signingKey, reason: cause.code },
      { cause },
    );
  }
}

async function scoreUpdates(
  collected: CollectedRound,
  strategy: Strategy,
  next: Int32Array,
  evaluate: Evaluate,
): Promise<{ member: Uint8Array; score: bigint }[]> {
  const { context, accumulator, delta } = collected;
  const counted = collected.updates.filter(({ leaf }) => leaf.reason === REASONS.counted.code);
  const contribution = createContribution(context.configuration.contribution);
  const scores = await contribution.score({
    strategy,
    base: context.base,
    state: context.state,
    next,
    accumulator,
    counted: counted.map(
      (update): ScoredUpdate => ({ weight: update.leaf.weight, delta: () => delta(update) }),
    ),
    evaluate,
  });
  return counted.map(({ leaf }, i) => ({ member: leaf.member, score: scores[i]! }));
}

function checkContext({ base, state, configuration }: RoundContext, strategy: Strategy): void {
  const { parameterCount } = configuration;
  if (base.length !== parameterCount)
    throw new PlenaryError(
      "round-inconsistent",
      `The base model has ${base.length} parameters, the configuration ${parameterCount}.`,
      { expected: parameterCount, actual: base.length },
    );
  const expected = strategy.stateLength(parameterCount);
  if (state.length !== expected)
    throw new PlenaryError(
      "round-inconsistent",
      `The state of ${strategy.name} has ${expected} entries for this model, not ${state.length}.`,
      { expected, actual: state.length },
    );
}

function checkUpdates(
  updates: readonly RoundUpdate[],
  accumulator: Accumulator,
  context: RoundContext,
): void {
  const { maxUpdates } = context.configuration.limits;
  if (updates.length > maxUpdates)
    throw new PlenaryError(
      "round-inconsistent",
      `A round has at most ${maxUpdates} updates here, not ${updates.length}.`,
      {
        limit: maxUpdates,
        actual: updates.length,
      },
    );
  updates.forEach(({ leaf }, i) => {
    const before = updates[i - 1];
    if (before !== undefined && compareBytes(before.leaf.member, leaf.member) === 0)
      throw inconsistent("A member has two updates in this round.", leaf);
    if ((leaf.reason === REASONS.counted.code) !== leaf.weight > 0)
      throw inconsistent("An update counts if and only if its leaf has a weight.", leaf);
  });
  const counted = updates.filter(({ leaf }) => leaf.weight > 0);
  const weight = counted.reduce((sum, { leaf }) => sum + leaf.weight, 0);
  if (accumulator.count !== counted.length || accumulator.totalWeight !== weight)
    throw new PlenaryError(
      "round-inconsistent",
      `The sum holds ${accumulator.count} updates of weight ${accumulator.totalWeight}, the leaves ${counted.length} of ${weight}. Fold the updates again.`,
      {
        folded: accumulator.count,
        counted: counted.length,
        foldedWeight: accumulator.totalWeight,
        weight,
      },
    );
}

function inconsistent(message: string, leaf: UpdateLeaf): PlenaryError {
  const member = toBase58(leaf.member);
  return new PlenaryError("round-inconsistent", `${message} (${member})`, { member });
}
