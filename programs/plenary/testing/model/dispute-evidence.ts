import type { DisputedVector, TreeLeaf } from "@plenary/chain";
import {
  auditPath,
  type ChunkProof,
  type LeafProof,
  type RewardLeaf,
  type UpdateLeaf,
} from "@plenary/protocol";
import { madeUp } from "./predict-folding.ts";
import { earnedBefore } from "./predict-opening.ts";
import { rewardsTree } from "./rewards-tree.ts";
import {
  type Dispute,
  type DisputeId,
  disputeKey,
  GENESIS,
  type Round,
  type State,
  type Vector,
} from "./state.ts";
import { type UpdatesOf, updateOf, updatesTree } from "./updates-tree.ts";
import { chunkProof, rootOf } from "./vectors.ts";
import type { World } from "./world.ts";

/*
 * The evidence for a dispute, made from what the model says was committed. If nothing was, it is
 * replaced by evidence that the program must refuse.
 */

const NO_UPDATE: UpdateLeaf = {
  member: new Uint8Array(32),
  sequence: 0n,
  envelopeHash: new Uint8Array(32),
  deltaRoot: new Uint8Array(32),
  weight: 0,
  reason: 0,
  payloadHash: new Uint8Array(32),
};
const NO_REWARD: RewardLeaf = { member: new Uint8Array(32), cumulative: 0n };

/** A round's data for its trees; a made-up round if it does not exist. */
export function committed(
  state: State,
  number: bigint,
): UpdatesOf & Pick<Round, "leaves" | "nextModel" | "baseState" | "nextState"> {
  return (
    state.rounds.get(number) ?? {
      number,
      baseModel: GENESIS,
      maxWeight: 1,
      updateCount: 0,
      leaves: [],
      nextModel: null,
      baseState: null,
      nextState: null,
    }
  );
}

/** The leaf at a position of a tree, with its proof. */
export function leafAt(
  world: World,
  state: State,
  { round: number }: DisputeId,
  tree: TreeLeaf["tree"],
  position: number,
): { readonly leaf: TreeLeaf; readonly path: Uint8Array[] } {
  const round = committed(state, number);
  if (tree === "updates") {
    const { leaves, hashes } = updatesTree(world, round);
    return { leaf: { tree, leaf: leaves[position] ?? NO_UPDATE }, path: pathOf(hashes, position) };
  }
  const { leaves, hashes } = rewardsTree(world, round.leaves);
  return { leaf: { tree, leaf: leaves[position] ?? NO_REWARD }, path: pathOf(hashes, position) };
}

function pathOf(hashes: readonly Uint8Array[], position: number): Uint8Array[] {
  return position >= 0 && position < hashes.length ? auditPath(hashes, position) : [];
}

/** The next leaves of the rewards tree for a dispute about their total. */
export function nextRewards(
  world: World,
  state: State,
  id: DisputeId,
  count: number,
): RewardLeaf[] {
  const next = state.disputes.get(disputeKey(id))?.nextLeaf ?? 0;
  const { leaves } = rewardsTree(world, committed(state, id.round).leaves);
  return Array.from({ length: count }, (_, offset) => leaves[next + offset] ?? NO_REWARD);
}

/**
 * The next leaf of the updates tree for a dispute about a chunk, and its update. A lie names an
 * update that was never committed.
 */
export function nextUpdate(
  world: World,
  state: State,
  id: DisputeId,
  lie: boolean,
): { readonly leaf: UpdateLeaf; readonly delta: Vector } {
  const next = state.disputes.get(disputeKey(id))?.nextLeaf ?? 0;
  const round = committed(state, id.round);
  const { leaves, order } = updatesTree(world, round);
  const leaf = leaves[next];
  if (leaf === undefined) return { leaf: NO_UPDATE, delta: GENESIS };
  const { delta } = updateOf(round, order[next]!);
  return lie
    ? { leaf: { ...leaf, deltaRoot: rootOf(madeUp(delta)) }, delta: madeUp(delta) }
    : { leaf, delta };
}

/** The disputed chunk of a vector. */
export function disputedChunk(
  state: State,
  id: DisputeId,
  vector: DisputedVector,
  lie: boolean,
): ChunkProof {
  const round = committed(state, id.round);
  const dispute = state.disputes.get(disputeKey(id));
  const vectors: Partial<Record<DisputedVector, Vector | null>> = {
    delta: dispute?.pending ?? null,
    base: round.baseModel,
    next: round.nextModel,
    baseState: round.baseState,
    nextState: round.nextState,
  };
  return chunkProof(vectors[vector] ?? GENESIS, dispute?.chunk ?? id.index, lie);
}

/** The last folded leaf, as it is in the tree. */
export function foldedLast(
  world: World,
  state: State,
  { round, nextLeaf }: Pick<Dispute, "round" | "nextLeaf">,
): LeafProof<UpdateLeaf> {
  const { leaves, hashes } = updatesTree(world, committed(state, round));
  const index = Math.max(nextLeaf - 1, 0);
  return { index, leaf: leaves[index] ?? NO_UPDATE, path: pathOf(hashes, index) };
}

/**
 * The leaf with the model's index. If there is none, the tree's first leaf with a position beyond
 * the tree.
 */
export function updateProof(world: World, round: UpdatesOf, index: number): LeafProof<UpdateLeaf> {
  const updateCount = Math.max(round.updateCount, 1);
  const { leaves, hashes, order } = updatesTree(world, { ...round, updateCount });
  const position = order.indexOf(index);
  if (position < 0) return { index, leaf: leaves[0]!, path: [] };
  return { index: position, leaf: leaves[position]!, path: auditPath(hashes, position) };
}

/**
 * The same for the rewards that a round builds on. A lie states that the member had earned more.
 */
export function earnedProof(
  world: World,
  state: State,
  number: bigint,
  index: number,
  lie = false,
): LeafProof<RewardLeaf> {
  const round = state.rounds.get(number);
  const { leaves, hashes, order } = rewardsTree(
    world,
    round === undefined ? [] : earnedBefore(state, round),
  );
  const position = order.indexOf(index);
  const leaf = leaves[position];
  if (leaf === undefined) return { index, leaf: NO_REWARD, path: [] };
  const said = lie ? { ...leaf, cumulative: leaf.cumulative + 1n } : leaf;
  return { index: position, leaf: said, path: auditPath(hashes, position) };
}
