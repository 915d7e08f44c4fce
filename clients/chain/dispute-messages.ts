import {
  type ChunkProof,
  type RewardLeaf,
  type UpdateLeaf,
  vectorToBytes,
} from "@plenary/protocol";
import { PublicKey } from "@solana/web3.js";
import type { CommittedVector } from "./dispute.ts";
import type * as program from "./generated/structures.ts";

/*
 * What disputes are given, in the form that the program's instructions take. A leaf carries its
 * version, because a leaf of a version that does not exist is one of the faults that a dispute
 * proves.
 */

const LEAF_VERSION = 1;

/** A vector whose chunk decides a dispute. */
export type DisputedVector = "delta" | CommittedVector;

/** A leaf of a round's updates or rewards, as a dispute shows it to the program. */
export type TreeLeaf =
  | { readonly tree: "updates"; readonly leaf: UpdateLeaf }
  | { readonly tree: "rewards"; readonly leaf: RewardLeaf };

/** An update leaf as the program's instructions take it, with its layout version. */
export function updateLeafArgument(leaf: UpdateLeaf): program.UpdateLeaf {
  return { ...leaf, version: LEAF_VERSION, member: new PublicKey(leaf.member) };
}

/** A reward leaf as the program's instructions take it, with its layout version. */
export function rewardLeafArgument(leaf: RewardLeaf): program.RewardLeaf {
  return { ...leaf, version: LEAF_VERSION, member: new PublicKey(leaf.member) };
}

/** A leaf of either tree as the program's instructions take it. */
export function treeLeafArgument({ tree, leaf }: TreeLeaf): program.TreeLeaf {
  return tree === "updates"
    ? { kind: "update", value: updateLeafArgument(leaf) }
    : { kind: "reward", value: rewardLeafArgument(leaf) };
}

/** 64 integers of a vector and their Merkle path, as the program's instructions take them. */
export function chunkArgument({ values, path }: ChunkProof): program.Chunk {
  return { values: vectorToBytes(values), path };
}
