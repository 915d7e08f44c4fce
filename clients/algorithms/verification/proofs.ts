import {
  auditPath,
  chunkBytes,
  chunkCount,
  encodeRewardLeaf,
  encodeUpdateLeaf,
  leafHash,
  PlenaryError,
  type RewardLeaf,
  type UpdateLeaf,
} from "@plenary/protocol";
import { chunkLeavesFast } from "../kernels/index.ts";

/** One chunk of a vector (256 bytes) with its audit path under the vector's root. */
export interface ChunkProof {
  readonly chunk: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** One leaf's bytes with its index and audit path. */
export interface LeafProof {
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Throws `invalid-input` if the vector has no such chunk. */
export function chunkProof(vector: Int32Array, chunk: number): ChunkProof {
  if (!Number.isSafeInteger(chunk) || chunk < 0 || chunk >= chunkCount(vector.length))
    throw new PlenaryError(
      "invalid-input",
      `There is no chunk ${chunk} in a vector of ${vector.length} entries.`,
      { chunk, length: vector.length },
    );
  return { chunk: chunkBytes(vector, chunk), path: auditPath(chunkLeavesFast(vector), chunk) };
}

/** Throws `invalid-input` if there is no such leaf. */
export function updateLeafProof(leaves: readonly UpdateLeaf[], index: number): LeafProof {
  return leafProof(leaves.map(encodeUpdateLeaf), index);
}

/** Throws `invalid-input` if there is no such leaf. */
export function rewardLeafProof(leaves: readonly RewardLeaf[], index: number): LeafProof {
  return leafProof(leaves.map(encodeRewardLeaf), index);
}

function leafProof(encoded: readonly Uint8Array[], index: number): LeafProof {
  const path = auditPath(
    encoded.map((bytes) => leafHash(bytes)),
    index,
  );
  return { index, leaf: encoded[index]!, path };
}
