import { PlenaryError, vectorFromBytes, vectorToBytes } from "@plenary/protocol";
import type { PipelineState } from "./pipeline.ts";

/*
 * A pipeline's state in a member's files, int32 little-endian: the number of steps; for each step
 * its number of vectors; for each vector its length and its entries.
 */

/** The bytes that decodePipelineState reads. */
export function encodePipelineState(state: PipelineState): Uint8Array {
  const parts: (readonly number[] | Int32Array)[] = [[state.length]];
  for (const vectors of state) {
    parts.push([vectors.length]);
    for (const vector of vectors) parts.push([vector.length], vector);
  }
  const words = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    words.set(part, at);
    at += part.length;
  }
  return vectorToBytes(words);
}

/** Throws `invalid-input` on bytes that encodePipelineState does not give. */
export function decodePipelineState(bytes: Uint8Array): PipelineState {
  const words = vectorFromBytes(bytes);
  let at = 0;
  const take = (length: number): Int32Array => {
    if (length < 0 || at + length > words.length) throw damaged(bytes);
    at += length;
    return words.slice(at - length, at);
  };
  const count = (): number => take(1)[0] ?? 0;
  const list = <T>(length: number, item: () => T): T[] => {
    if (length < 0 || length > words.length) throw damaged(bytes);
    return Array.from({ length }, item);
  };
  const state = list(count(), () => list(count(), () => take(count())));
  if (at !== words.length) throw damaged(bytes);
  return state;
}

function damaged(bytes: Uint8Array): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    "The saved state of the pipeline is damaged: delete it, and the pipeline begins with a new one.",
    { bytes: bytes.length },
  );
}
