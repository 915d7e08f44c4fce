import { PlenaryError } from "@plenary/protocol";

/** A tensor of float32 in row-major order. */
export interface NamedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Writes float32 tensors in the safetensors form (github.com/huggingface/safetensors, "Format"):
 * u64 length of a JSON header, the header padded with spaces to a multiple of 8, then the data, all
 * little-endian.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, NamedTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { shape, values }]) => {
    const start = end;
    end += values.length * 4;
    return [name, { dtype: "F32", shape, data_offsets: [start, end] }] as const;
  });
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const text = new TextEncoder().encode(json);
  const header = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(32);
  header.set(text);
  const bytes = new Uint8Array(8 + header.length + end);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  let offset = 8 + header.length;
  for (const { values } of Object.values(tensors)) {
    for (let i = 0; i < values.length; i += 1) view.setFloat32(offset + 4 * i, values[i]!, true);
    offset += values.length * 4;
  }
  return bytes;
}

/**
 * Reads the float32 tensors of a safetensors file and leaves out all others. Throws
 * `invalid-input`.
 */
export function decodeSafetensors(bytes: Uint8Array): ReadonlyMap<string, NamedTensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? Number.POSITIVE_INFINITY : Number(view.getBigUint64(0, true));
  if (8 + length > bytes.length) throw malformed("its header does not fit into the file");
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const tensors = new Map<string, NamedTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: offsets } = parseEntry(name, entry);
    if (dtype !== "F32") continue;
    const start = 8 + length + offsets[0];
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    if (offsets[1] - offsets[0] !== 4 * count || 8 + length + offsets[1] > bytes.length) {
      throw malformed(`tensor ${name} does not fill its place`);
    }
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 1) values[i] = view.getFloat32(start + 4 * i, true);
    tensors.set(name, { shape, values });
  }
  return tensors;
}

function parseHeader(text: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === "object" && header !== null)
      return Object.fromEntries(Object.entries(header));
  } catch (cause) {
    throw malformed("its header is not JSON", cause);
  }
  throw malformed("its header is not an object");
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function parseEntry(name: string, value: unknown): HeaderEntry {
  const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && Number(x) >= 0;
  if (typeof value === "object" && value !== null && "dtype" in value && "shape" in value) {
    const { dtype, shape } = value;
    const offsets = "data_offsets" in value ? value.data_offsets : undefined;
    if (
      typeof dtype === "string" &&
      Array.isArray(shape) &&
      shape.every(isCount) &&
      Array.isArray(offsets) &&
      offsets.length === 2 &&
      offsets.every(isCount)
    ) {
      return { dtype, shape, data_offsets: [offsets[0]!, offsets[1]!] };
    }
  }
  throw malformed(`the header entry of ${name} is malformed`);
}

function malformed(problem: string, cause?: unknown): PlenaryError {
  return new PlenaryError(
    "invalid-input",
    `This is not a safetensors file: ${problem}.`,
    {},
    { cause },
  );
}
