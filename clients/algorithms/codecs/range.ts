import { DELTA_LIMIT, PlenaryError } from "@plenary/protocol";
import { magnitudeOf } from "../kernels/index.ts";

/**
 * Throws `invalid-input` unless every |entry| is below 2^27, the bound under which sums are exact.
 */
export function checkRange(delta: Int32Array): void {
  if (magnitudeOf(delta).maxAbs < DELTA_LIMIT) return;
  const index = delta.findIndex((entry) => Math.abs(entry) >= DELTA_LIMIT);
  throw new PlenaryError(
    "invalid-input",
    `Entry ${index} of the update is ${delta[index]}: entries must stay below 2^27 in magnitude (8 in real units). Clip the update.`,
    { index, value: delta[index] ?? 0 },
  );
}

/** Throws `codec-malformed` unless the payload has exactly the expected length. */
export function checkPayloadLength(codec: string, payload: Uint8Array, expected: number): void {
  if (payload.length !== expected)
    throw new PlenaryError(
      "codec-malformed",
      `A payload of ${codec} has ${expected} bytes for this model, not ${payload.length}.`,
      { codec, expected, actual: payload.length },
    );
}
