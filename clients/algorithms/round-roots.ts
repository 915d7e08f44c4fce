import {
  encodeRewardLeaf,
  encodeUpdateLeaf,
  leafHash,
  merkleRoot,
  type RewardLeaf,
  type UpdateLeaf,
} from "@plenary/protocol";

/** Root of the updates tree; leaves ascend by member. */
export function updatesRoot(leaves: readonly UpdateLeaf[]): Uint8Array {
  return merkleRoot(leaves.map((leaf) => leafHash(encodeUpdateLeaf(leaf))));
}

/** Root of the rewards tree; leaves ascend by member. */
export function rewardsRoot(leaves: readonly RewardLeaf[]): Uint8Array {
  return merkleRoot(leaves.map((leaf) => leafHash(encodeRewardLeaf(leaf))));
}
