import type { RewardLeaf, UpdateLeaf } from "./leaves.ts";

/**
 * One chunk of a vector with its audit path under the vector's root: 64 integers, zero behind the
 * vector's end.
 */
export interface ChunkProof {
  readonly values: Int32Array;
  readonly path: readonly Uint8Array[];
}

/** A leaf of a round's updates or rewards tree, with its place and audit path. */
export interface LeafProof<Leaf extends UpdateLeaf | RewardLeaf> {
  readonly index: number;
  readonly leaf: Leaf;
  readonly path: readonly Uint8Array[];
}
