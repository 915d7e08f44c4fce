import { CHUNK_LENGTH, chunkCount, PlenaryError } from "@plenary/protocol";
import type { StateVectors, Strategy } from "./strategy.ts";

/*
 * A state is published as one vector, under one root: its vectors one after the other, each but the
 * last padded with zeros to whole chunks, so that every chunk belongs to one vector. The tree pads
 * the last. A state of one vector is that vector.
 */

/** Length of the published state of `vectors` vectors for a model of `parameterCount` entries. */
function publishedLength(vectors: number, parameterCount: number): number {
  return vectors === 0 ? 0 : (vectors - 1) * padded(parameterCount) + parameterCount;
}

/** The published form of a state whose vectors have one length. */
export function joinState(state: StateVectors): Int32Array {
  const [first] = state;
  if (first === undefined) return new Int32Array(0);
  if (state.length === 1) return first;
  const joined = new Int32Array(publishedLength(state.length, first.length));
  state.forEach((vector, i) => {
    joined.set(vector, i * padded(first.length));
  });
  return joined;
}

/** The vectors of a published state. Throws `round-inconsistent` on one of another length. */
export function splitState(
  strategy: Strategy,
  parameterCount: number,
  published: Int32Array,
): StateVectors {
  const { stateVectors } = strategy.rule;
  const expected = publishedLength(stateVectors, parameterCount);
  if (published.length !== expected)
    throw new PlenaryError(
      "round-inconsistent",
      `The state of ${strategy.name} has ${expected} entries for this model, not ${published.length}.`,
      { expected, actual: published.length },
    );
  return Array.from({ length: stateVectors }, (_, i) => {
    const start = i * padded(parameterCount);
    return published.subarray(start, start + parameterCount);
  });
}

/** The published state before a federation's first round. */
export function initialState(strategy: Strategy, parameterCount: number): Int32Array {
  return joinState(strategy.init(parameterCount));
}

/** A state of `count` vectors of zeros. */
export function zeroState(count: number, parameterCount: number): StateVectors {
  return Array.from({ length: count }, () => new Int32Array(parameterCount));
}

function padded(parameterCount: number): number {
  return chunkCount(parameterCount) * CHUNK_LENGTH;
}
