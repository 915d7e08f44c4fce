import { PlenaryError } from "./errors.ts";

/**
 * Models, updates and momentum are vectors of int32 in fixed point: value = integer x 2^-24
 * (docs/protocol.md, "Integers all the way").
 */
export const FRACTION_BITS = 24;
const SCALE = 2 ** FRACTION_BITS;
/**
 * Largest magnitude of a model's entry in fixed point: symmetric, so that negation cannot overflow.
 */
export const MAX_MAGNITUDE = 2 ** 31 - 1;

/** Nearest integer, halves towards plus infinity: floor(x + 1/2). Exact for |x| < 2^52. */
export function roundHalfUp(x: number): number {
  return Math.floor(x + 0.5);
}

/** Limits an integer to +-(2^31 - 1), the range of a model's entries. */
export function clampToInt32(x: number): number {
  return Math.min(MAX_MAGNITUDE, Math.max(-MAX_MAGNITUDE, x));
}

/**
 * Real values to fixed point. Throws `invalid-input`, naming the first index, on a NaN or infinite
 * entry.
 */
export function toFixedPoint(values: Float32Array | Float64Array): Int32Array {
  const out = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = fixedPointAt(values[i]!, i);
  return out;
}

/** Fixed point to the float32 values that training reads. */
export function toFloat32(vector: Int32Array): Float32Array {
  const out = new Float32Array(vector.length);
  for (let i = 0; i < vector.length; i++) out[i] = vector[i]! / SCALE;
  return out;
}

/**
 * A client's update: roundHalfUp((after - float32(base x 2^-24)) x 2^24), with the subtraction in
 * float64. `base` and `after` have the same length. Throws `invalid-input` on lengths that differ
 * and on a value that is not finite.
 */
export function deltaOf(base: Int32Array, after: Float32Array): Int32Array {
  if (base.length !== after.length)
    throw new PlenaryError(
      "invalid-input",
      `The trained model has ${after.length} parameters, its base ${base.length}.`,
      {
        expected: base.length,
        actual: after.length,
      },
    );
  const before = toFloat32(base);
  const out = new Int32Array(base.length);
  for (let i = 0; i < base.length; i++) out[i] = fixedPointAt(after[i]! - before[i]!, i);
  return out;
}

/**
 * Little-endian bytes of a vector, 4 per entry: a view on a little-endian host, a copy on any
 * other.
 */
export function vectorToBytes(vector: Int32Array): Uint8Array {
  if (HOST_IS_LITTLE_ENDIAN)
    return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  const out = new DataView(new ArrayBuffer(vector.length * 4));
  for (let i = 0; i < vector.length; i++) out.setInt32(i * 4, vector[i]!, true);
  return new Uint8Array(out.buffer);
}

/**
 * The vector in little-endian `bytes` (copied). Throws `invalid-input` if their number is not a
 * multiple of 4.
 */
export function vectorFromBytes(bytes: Uint8Array): Int32Array {
  if (bytes.length % 4 !== 0)
    throw new PlenaryError(
      "invalid-input",
      `A vector of int32 has a length that is a multiple of 4 bytes, not ${bytes.length}.`,
      {
        length: bytes.length,
      },
    );
  const out = new Int32Array(bytes.length / 4);
  if (HOST_IS_LITTLE_ENDIAN) new Uint8Array(out.buffer).set(bytes);
  else {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < out.length; i++) out[i] = view.getInt32(i * 4, true);
  }
  return out;
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function fixedPointAt(value: number, index: number): number {
  if (!Number.isFinite(value))
    throw new PlenaryError(
      "invalid-input",
      `Entry ${index} is ${value}: a model holds finite numbers only.`,
      { index },
    );
  return clampToInt32(roundHalfUp(value * SCALE));
}
