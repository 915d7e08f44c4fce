import {
  type ChunkProof,
  chunkBytes,
  EMPTY_ROOT,
  leafHash,
  nodeHash,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import type { ServerState, Vector } from "./state.ts";

/** Parameters of every model and update. The second of the two chunks is padded. */
export const PARAMETERS = 100;

interface ChunkOf {
  readonly values: Int32Array;
  readonly hash: Uint8Array;
}

/** Chunks by position and integer: sequences have few different ones. */
const chunks = new Map<string, ChunkOf>();
const roots = new Map<string, Uint8Array>();
const vectors = new Map<string, Vector>();

/** The root of a vector. */
export function rootOf(vector: Vector): Uint8Array {
  const name = `${vector}`;
  let root = roots.get(name);
  if (root === undefined) {
    root = nodeHash(chunkOf(vector, 0).hash, chunkOf(vector, 1).hash);
    roots.set(name, root);
    vectors.set(toHex(root), vector);
  }
  return root;
}

/** The root of a server's state; the root of the empty tree if there is none. */
export function stateRootOf(state: ServerState): Uint8Array {
  return state === null ? EMPTY_ROOT : rootOf(state);
}

/** The vector with a root; undefined if `rootOf` has not computed it. */
export function vectorOf(root: Uint8Array): Vector | undefined {
  return vectors.get(toHex(root));
}

/** A chunk with its proof. A lie changes one integer. */
export function chunkProof(vector: Vector, index: number, lie = false): ChunkProof {
  const place = index === 0 ? 0 : 1;
  const values = chunkOf(vector, place).values.slice();
  if (lie) values[3] = values[3]! + 1;
  return { values, path: [chunkOf(vector, place === 0 ? 1 : 0).hash] };
}

function chunkOf(vector: Vector, place: 0 | 1): ChunkOf {
  const name = `${place} ${vector[place]}`;
  let chunk = chunks.get(name);
  if (chunk === undefined) {
    const bytes = chunkBytes(new Int32Array(PARAMETERS).fill(vector[place]), place);
    chunk = { values: vectorFromBytes(bytes), hash: leafHash(bytes) };
    chunks.set(name, chunk);
  }
  return chunk;
}
