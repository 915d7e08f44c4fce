import { PlenaryError } from "./errors.ts";

const MAGIC = "SVE1";
const HEADER_LENGTH = 12;

/** Text embeddings, quantised to int8 with one scale per row: x = scale x int8. */
export interface Embeddings {
  readonly count: number;
  readonly dimension: number;
  /** All rows as float32, row-major [count, dimension]. */
  matrix(): Float32Array;
}

/**
 * Reads the "SVE1" form: magic, u32 count, u32 dimension, count float32 scales, count x dimension
 * int8, all little-endian. Throws `invalid-input`.
 */
export function decodeEmbeddings(bytes: Uint8Array): Embeddings {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_LENGTH || new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC)
    throw new PlenaryError(
      "invalid-input",
      `An embeddings file begins with ${MAGIC}, a count and a dimension.`,
      { length: bytes.length },
    );
  const count = view.getUint32(4, true);
  const dimension = view.getUint32(8, true);
  const expected = HEADER_LENGTH + count * 4 + count * dimension;
  if (bytes.length !== expected)
    throw new PlenaryError(
      "invalid-input",
      `An embeddings file of ${count} x ${dimension} has ${expected} bytes, not ${bytes.length}.`,
      {
        expected,
        actual: bytes.length,
      },
    );
  for (let row = 0; row < count; row++)
    if (!Number.isFinite(view.getFloat32(HEADER_LENGTH + row * 4, true)))
      throw new PlenaryError("invalid-input", `The scale of embedding ${row} is not finite.`, {
        row,
      });
  return { count, dimension, matrix: () => dequantise(view, count, dimension) };
}

/** Writes the "SVE1" form of row-major [count, dimension] float32 values. */
export function encodeEmbeddings(matrix: Float32Array, dimension: number): Uint8Array {
  const count = matrix.length / dimension;
  if (!Number.isInteger(count))
    throw new PlenaryError(
      "invalid-input",
      `${matrix.length} values do not make rows of ${dimension}.`,
      {
        length: matrix.length,
        dimension,
      },
    );
  const out = new Uint8Array(HEADER_LENGTH + count * 4 + matrix.length);
  out.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(out.buffer);
  view.setUint32(4, count, true);
  view.setUint32(8, dimension, true);
  for (let row = 0; row < count; row++) {
    const values = matrix.subarray(row * dimension, (row + 1) * dimension);
    const scale = Math.fround(values.reduce((max, x) => Math.max(max, Math.abs(x)), 0) / 127);
    view.setFloat32(HEADER_LENGTH + row * 4, scale, true);
    for (let i = 0; i < dimension; i++)
      view.setInt8(
        HEADER_LENGTH + count * 4 + row * dimension + i,
        scale === 0 ? 0 : Math.round(values[i]! / scale),
      );
  }
  return out;
}

/**
 * Adds rows to an embeddings file; the old ones keep their bytes. Throws `invalid-input` as
 * `decodeEmbeddings` and `encodeEmbeddings` do.
 */
export function appendEmbeddings(bytes: Uint8Array, matrix: Float32Array): Uint8Array {
  const { count, dimension } = decodeEmbeddings(bytes);
  const added = encodeEmbeddings(matrix, dimension);
  const more = matrix.length / dimension;
  const [scales, values] = [HEADER_LENGTH, HEADER_LENGTH + count * 4];
  const addedValues = HEADER_LENGTH + more * 4;
  const out = new Uint8Array(bytes.length + added.length - HEADER_LENGTH);
  out.set(bytes.subarray(0, HEADER_LENGTH));
  new DataView(out.buffer).setUint32(4, count + more, true);
  out.set(bytes.subarray(scales, values), scales);
  out.set(added.subarray(HEADER_LENGTH, addedValues), values);
  out.set(bytes.subarray(values), values + more * 4);
  out.set(added.subarray(addedValues), values + more * 4 + count * dimension);
  return out;
}

function dequantise(view: DataView, count: number, dimension: number): Float32Array {
  const out = new Float32Array(count * dimension);
  const start = HEADER_LENGTH + count * 4;
  for (let row = 0; row < count; row++) {
    const scale = view.getFloat32(HEADER_LENGTH + row * 4, true);
    for (let i = 0; i < dimension; i++)
      out[row * dimension + i] = scale * view.getInt8(start + row * dimension + i);
  }
  return out;
}
