import { compareBytes, encodeRewardLeaf, leafHash, type RewardLeaf } from "@plenary/protocol";
import type { Leaf } from "./state.ts";
import type { World } from "./world.ts";

/** A rewards tree's leaves and hashes, ascending by member, and the model's index of each leaf. */
export function rewardsTree(
  world: World,
  leaves: readonly Leaf[],
): { readonly leaves: RewardLeaf[]; readonly hashes: Uint8Array[]; readonly order: number[] } {
  const sorted = leaves
    .map(({ owner, cumulative }, index) => ({
      member: world.member(owner).toBytes(),
      cumulative,
      index,
    }))
    .sort((left, right) => compareBytes(left.member, right.member));
  const ordered = sorted.map(({ member, cumulative }) => ({ member, cumulative }));
  return {
    leaves: ordered,
    hashes: ordered.map((leaf) => leafHash(encodeRewardLeaf(leaf))),
    order: sorted.map(({ index }) => index),
  };
}
