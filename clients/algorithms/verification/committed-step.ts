import { equalBytes, PlenaryError, REASONS } from "@plenary/protocol";
import { aggregateRound, createAggregator } from "../aggregators/index.ts";
import { hashBlob } from "../blob-hash.ts";
import { vectorRootFast } from "../kernels/index.ts";
import { REGISTRIES, type Registries } from "../registries.ts";
import type { CompletedRound, RoundContext } from "../round.ts";
import { decodeUpdate, type UpdateBytes } from "../screening/index.ts";
import { createStrategy, joinState, splitState } from "../strategies/index.ts";
import type { PublishedUpdate } from "./leaves.ts";

/** Next model and state, with their roots. */
export type CommittedStep = Pick<CompletedRound, "next" | "state"> & {
  readonly roots: Pick<CompletedRound["roots"], "next" | "stateAfter">;
};

/** Thrown where a leaf counts a payload that does not decode to its delta root. */
class Undecodable extends Error {}

/**
 * The step that follows from the committed leaves, whether or not screening agrees with them: a
 * dispute of a chunk computes the same. Null where a leaf counts a payload that does not decode to
 * its delta root, for then only the aggregator can know the update.
 */
export async function committedStep(
  context: RoundContext,
  updates: readonly PublishedUpdate[],
  payload: (hash: Uint8Array) => Promise<Uint8Array>,
  registries: Registries = REGISTRIES,
): Promise<CommittedStep | null> {
  const { configuration } = context;
  const counted = updates.filter(({ leaf }) => leaf.reason === REASONS.counted.code);
  const aggregator = createAggregator(configuration.aggregator, registries.aggregators);
  const strategy = createStrategy(configuration.strategy, registries.strategies);
  const committed = counted.map((update) => ({
    weight: update.leaf.weight,
    delta: () => committedDelta(context, update, payload, registries),
  }));
  try {
    const { all } = await aggregateRound(aggregator, committed);
    const before = splitState(strategy, context.base.length, context.state);
    const step = strategy.apply(context.base, all, before);
    const state = joinState(step.state);
    const roots = { next: vectorRootFast(step.next), stateAfter: vectorRootFast(state) };
    return { next: step.next, state, roots };
  } catch (error) {
    if (error instanceof Undecodable) return null;
    throw error;
  }
}

async function committedDelta(
  { configuration }: RoundContext,
  { leaf, envelope }: PublishedUpdate,
  payload: (hash: Uint8Array) => Promise<Uint8Array>,
  registries: Registries,
): Promise<Int32Array> {
  const bytes = await payload(leaf.payloadHash);
  const payloadHash = await hashBlob(bytes);
  const update = { configuration, envelope, payload: bytes, payloadHash };
  const delta = decodedOrUndefined(update, registries);
  if (delta === undefined || !equalBytes(vectorRootFast(delta), leaf.deltaRoot))
    throw new Undecodable();
  return delta;
}

function decodedOrUndefined(update: UpdateBytes, registries: Registries): Int32Array | undefined {
  try {
    return decodeUpdate(update, registries);
  } catch (error) {
    if (error instanceof PlenaryError) return undefined;
    throw error;
  }
}
