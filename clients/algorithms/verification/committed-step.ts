import { equalBytes, PlenaryError, REASONS } from "@plenary/protocol";
import { createAggregator } from "../aggregators/index.ts";
import { hashBlob } from "../blob-hash.ts";
import { vectorRootFast } from "../kernels/index.ts";
import type { RoundContext, RoundResult } from "../round.ts";
import { decodeUpdate, type UpdateBytes } from "../screening/index.ts";
import { createStrategy } from "../strategies/index.ts";
import type { PublishedUpdate } from "./leaves.ts";

/** Next model and state, with their roots. */
export type CommittedStep = Pick<RoundResult, "next" | "state"> & {
  readonly roots: Pick<RoundResult["roots"], "next" | "stateAfter">;
};

/**
 * The step that the committed leaves give, whatever screening says of them: what a dispute of a chunk computes. Null where a leaf counts
 * a payload that does not decode to its delta root, for then nobody but the aggregator can know the update. Holds one payload at a time.
 */
export async function committedStep(
  context: RoundContext,
  updates: readonly PublishedUpdate[],
  payload: (hash: Uint8Array) => Promise<Uint8Array>,
): Promise<CommittedStep | null> {
  const { configuration } = context;
  const accumulator = createAggregator(configuration.aggregator).create(context.base.length);
  for (const { leaf, envelope } of updates) {
    if (leaf.reason !== REASONS.counted.code) continue;
    const bytes = await payload(leaf.payloadHash);
    const delta = decoded({
      configuration,
      envelope,
      payload: bytes,
      payloadHash: await hashBlob(bytes),
    });
    if (delta === null || !equalBytes(vectorRootFast(delta), leaf.deltaRoot)) return null;
    accumulator.fold(delta, leaf.weight);
  }
  const step = createStrategy(configuration.strategy).apply(
    context.base,
    accumulator.finish(),
    context.state,
  );
  return {
    ...step,
    roots: { next: vectorRootFast(step.next), stateAfter: vectorRootFast(step.state) },
  };
}

function decoded(update: UpdateBytes): Int32Array | null {
  try {
    return decodeUpdate(update);
  } catch (error) {
    if (error instanceof PlenaryError) return null;
    throw error;
  }
}
