import { equalBytes } from "./bytes.ts";
import { PlenaryError } from "./errors.ts";
import { sha256 } from "./hash.ts";

/*
 * RFC 6962, section 2.1. Leaves and nodes are hashed with different prefixes, so that a node can
 * never be presented as a leaf. The last leaf is not duplicated, so that no two lists have one
 * root. The root does not bind the number of leaves: every proof is checked against a size from
 * elsewhere, the Round account.
 */

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** Root of the tree without leaves: the hash of nothing. */
export const EMPTY_ROOT: Uint8Array = sha256();

/** Hash of a leaf's bytes: SHA-256(0 || data). */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, data);
}

/** Hash of two children: SHA-256(1 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE_PREFIX, left, right);
}

/** Merkle Tree Hash over leaf hashes, in time and memory linear in their number. */
export function merkleRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  if (leafHashes.length === 0) return EMPTY_ROOT;
  // Pairing level by level and carrying an odd last node up gives RFC 6962's split at the largest
  // power of two.
  let level = leafHashes;
  while (level.length > 1) level = parentLevel(level);
  return level[0]!;
}

/**
 * Audit path of leaf `index`, from the leaf upwards (RFC 6962, section 2.1.1). Throws
 * `invalid-input` on an index outside the tree.
 */
export function auditPath(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  checkIndex(index, leafHashes.length);
  const path: Uint8Array[] = [];
  let level = leafHashes;
  for (let i = index; level.length > 1; i >>>= 1) {
    const sibling = level[i ^ 1];
    if (sibling !== undefined) path.push(sibling);
    level = parentLevel(level);
  }
  return path;
}

/**
 * The root that a leaf, its position and its audit path imply (RFC 9162, section 2.1.3.2). Throws
 * `invalid-input` unless the path has exactly the length that `index` and `size` require.
 */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array {
  checkIndex(index, size);
  let position = index;
  let last = size - 1;
  let hash = leaf;
  let used = 0;
  for (; last > 0; position = Math.floor(position / 2), last = Math.floor(last / 2)) {
    const isCarried = position === last && position % 2 === 0;
    if (isCarried) continue;
    const sibling = path[used++];
    if (sibling === undefined) throw pathLengthError(path.length);
    hash = position % 2 === 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  }
  if (used !== path.length) throw pathLengthError(path.length);
  return hash;
}

/**
 * Compares the tree in which `path` proves leaf `index` with the tree of these leaves. The result
 * is the smallest range of leaves, as the first and the one after the last, under a node of the
 * path that these leaves do not give; null if they give all nodes. The leaf itself is not compared.
 * Throws `invalid-input` unless the path has exactly the length that `index` and the number of
 * leaves require.
 */
export function differingLeaves(
  leafHashes: readonly Uint8Array[],
  index: number,
  path: readonly Uint8Array[],
): { readonly from: number; readonly to: number } | null {
  const own = auditPath(leafHashes, index);
  if (own.length !== path.length) throw pathLengthError(path.length);
  let used = 0;
  let level = leafHashes.length;
  for (let height = 0; level > 1; height++, level = Math.ceil(level / 2)) {
    const sibling = Math.floor(index / 2 ** height) ^ 1;
    if (sibling >= level) continue;
    const hash = used++;
    if (!equalBytes(own[hash]!, path[hash]!))
      return {
        from: sibling * 2 ** height,
        to: Math.min((sibling + 1) * 2 ** height, leafHashes.length),
      };
  }
  return null;
}

/** Whether `path` proves `leaf` at `index` under `root` in a tree of `size` leaves. */
export function verifyInclusion(
  root: Uint8Array,
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): boolean {
  try {
    return equalBytes(rootFromPath(leaf, index, size, path), root);
  } catch (error) {
    if (error instanceof PlenaryError) return false;
    throw error;
  }
}

function parentLevel(level: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const right = level[i + 1];
    parents.push(right === undefined ? level[i]! : nodeHash(level[i]!, right));
  }
  return parents;
}

function checkIndex(index: number, size: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new PlenaryError("invalid-input", `There is no leaf ${index} in a tree of ${size}.`, {
      index,
      size,
    });
}

function pathLengthError(length: number): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    "The proof has the wrong number of hashes for its index and size.",
    { length },
  );
}
