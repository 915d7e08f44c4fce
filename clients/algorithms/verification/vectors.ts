import { CHUNK_LENGTH, chunkCount } from "@plenary/protocol";
import type { Finding } from "./finding.ts";

/** The first integer in which two vectors differ. */
export interface VectorDifference {
  readonly chunk: number;
  readonly parameter: number;
  readonly published: number;
  readonly computed: number;
}

/**
 * Compares a vector with the right one; null if they agree. The shorter one counts as padded with
 * zeros, as the tree pads its last chunk: two lengths with one root agree.
 */
export function findVectorDifference(
  published: Int32Array,
  computed: Int32Array,
): VectorDifference | null {
  const length = Math.max(published.length, computed.length);
  for (let parameter = 0; parameter < length; parameter++) {
    const [a, b] = [published[parameter] ?? 0, computed[parameter] ?? 0];
    if (a !== b)
      return { chunk: Math.floor(parameter / CHUNK_LENGTH), parameter, published: a, computed: b };
  }
  return null;
}

/** Says which chunk of `vector` ("next model") is wrong. */
export function wrongChunk(
  vector: string,
  { chunk, parameter, published, computed }: VectorDifference,
  parameterCount: number,
): Finding {
  const last = Math.min((chunk + 1) * CHUNK_LENGTH, parameterCount) - 1;
  const text =
    chunk >= chunkCount(parameterCount)
      ? `the published ${vector} has more entries than the ${parameterCount} of the federation`
      : `chunk ${chunk} of the ${vector} (parameters ${chunk * CHUNK_LENGTH} to ${last}): parameter ${parameter} is ${published}, the updates give ${computed}`;
  return { kind: "chunk", chunk, text };
}
