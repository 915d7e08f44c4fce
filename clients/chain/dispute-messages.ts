import {
  type ChunkProof,
  type RewardLeaf,
  type UpdateLeaf,
  vectorToBytes,
} from "@plenary/protocol";
import { PublicKey } from "@solana/web3.js";
import type { CommittedVector } from "./dispute.ts";
import type { ArgumentValue } from "./program.ts";

/*
 * What disputes are fed, in the form that the program's instructions take. A leaf carries its version, because a leaf of a version
 * that does not exist is one of the things that a dispute proves.
 */

const LEAF_VERSION = 1;

/** A vector whose chunk decides a dispute. */
export type DisputedVector = "delta" | CommittedVector;

export type TreeLeaf =
  | { readonly tree: "updates"; readonly leaf: UpdateLeaf }
  | { readonly tree: "rewards"; readonly leaf: RewardLeaf };

export function updateLeafArgument(leaf: UpdateLeaf): ArgumentValue {
  return {
    version: LEAF_VERSION,
    member: new PublicKey(leaf.member),
    sequence: leaf.sequence,
    envelopeHash: leaf.envelopeHash,
    deltaRoot: leaf.deltaRoot,
    weight: leaf.weight,
    reason: leaf.reason,
    payloadHash: leaf.payloadHash,
  };
}

export function rewardLeafArgument({ member, cumulative }: RewardLeaf): ArgumentValue {
  return { version: LEAF_VERSION, member: new PublicKey(member), cumulative };
}

export function treeLeafArgument({ tree, leaf }: TreeLeaf): ArgumentValue {
  return tree === "updates"
    ? { variant: "update", fields: [updateLeafArgument(leaf)] }
    : { variant: "reward", fields: [rewardLeafArgument(leaf)] };
}

export function chunkArgument({ values, path }: ChunkProof): ArgumentValue {
  return { values: vectorToBytes(values), path };
}
