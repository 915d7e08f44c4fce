import { compareBytes, encodeRewardLeaf, leafHash } from "@plenary/protocol";
import type { Leaf } from "./state.ts";
import type { World } from "./world.ts";

/** A rewards tree's leaf hashes, ascending by member, and which of the model's leaves each one is. */
export function rewardsTree(
  world: World,
  leaves: readonly Leaf[],
): { readonly hashes: Uint8Array[]; readonly order: number[] } {
  const sorted = leaves
    .map(({ owner, cumulative }, index) => ({ member: world.member(owner).toBytes(), cumulative, index }))
    .sort((left, right) => compareBytes(left.member, right.member));
  return {
    hashes: sorted.map(({ member, cumulative }) => leafHash(encodeRewardLeaf({ member, cumulative }))),
    order: sorted.map(({ index }) => index),
  };
}
