import {
  auditPath,
  CHUNK_LENGTH,
  type ChunkProof,
  chunkCount,
  encodeRewardLeaf,
  encodeUpdateLeaf,
  type LeafProof,
  leafHash,
  PlenaryError,
  type RewardLeaf,
  type UpdateLeaf,
} from "@plenary/protocol";
import { chunkLeavesFast } from "../kernels/index.ts";

/** Throws `invalid-input` if the vector has no such chunk. */
export function chunkProof(vector: Int32Array, chunk: number): ChunkProof {
  if (!Number.isSafeInteger(chunk) || chunk < 0 || chunk >= chunkCount(vector.length))
    throw new PlenaryError(
      "invalid-input",
      `There is no chunk ${chunk} in a vector of ${vector.length} entries.`,
      { chunk, length: vector.length },
    );
  const values = new Int32Array(CHUNK_LENGTH);
  values.set(vector.subarray(chunk * CHUNK_LENGTH, (chunk + 1) * CHUNK_LENGTH));
  return { values, path: auditPath(chunkLeavesFast(vector), chunk) };
}

/** Throws `invalid-input` on an index outside the tree. */
export function updateLeafProof(
  leaves: readonly UpdateLeaf[],
  index: number,
): LeafProof<UpdateLeaf> {
  return leafProof(leaves, index, encodeUpdateLeaf);
}

/** Throws `invalid-input` on an index outside the tree. */
export function rewardLeafProof(
  leaves: readonly RewardLeaf[],
  index: number,
): LeafProof<RewardLeaf> {
  return leafProof(leaves, index, encodeRewardLeaf);
}

function leafProof<Leaf extends UpdateLeaf | RewardLeaf>(
  leaves: readonly Leaf[],
  index: number,
  encode: (leaf: Leaf) => Uint8Array,
): LeafProof<Leaf> {
  const path = auditPath(
    leaves.map((leaf) => leafHash(encode(leaf))),
    index,
  );
  return { index, leaf: leaves[index]!, path };
}
