import { toBase58 } from "./bytes.ts";
import { PlenaryError } from "./errors.ts";

/*
 * Messages that are hashed or signed have a fixed layout: the fields in order, little-endian,
 * without lengths and options. For these types this is Borsh. Every value has one encoding, and the
 * program reads it at constant offsets.
 */

type FieldType = "u8" | "u32" | "u64" | "i64" | "bytes32";
type ValueOf<T extends FieldType> = T extends "u8" | "u32"
  ? number
  : T extends "bytes32"
    ? Uint8Array
    : bigint;

const WIDTHS = { u8: 1, u32: 4, u64: 8, i64: 8, bytes32: 32 } as const satisfies Record<
  FieldType,
  number
>;

type Fields = Readonly<Record<string, FieldType>>;
/**
 * The record that a layout encodes: u64 and i64 as bigint, bytes32 as 32 bytes, others as number.
 */
export type RecordOf<F extends Fields> = { -readonly [K in keyof F]: ValueOf<F[K]> };

/**
 * Encoder and decoder of one fixed-layout message. `prefix`, a domain string or version byte, is
 * written first and required on reading.
 */
export interface Layout<F extends Fields> {
  readonly length: number;
  encode(record: RecordOf<F>): Uint8Array;
  /** Throws `malformed-envelope` naming the message and the field. */
  decode(bytes: Uint8Array): RecordOf<F>;
}

/** Defines a message by its name (for errors), its prefix and its fields in order. */
export function layout<const F extends Fields>(
  name: string,
  prefix: Uint8Array,
  fields: F,
): Layout<F> {
  const entries: [string, FieldType][] = Object.entries(fields);
  const length = entries.reduce((sum, [, type]) => sum + WIDTHS[type], prefix.length);
  return {
    length,
    encode(record) {
      const values = record as Record<string, number | bigint | Uint8Array>;
      const out = new Uint8Array(length);
      out.set(prefix);
      let offset = prefix.length;
      for (const [key, type] of entries) {
        writeField(out, offset, type, values[key]!, `${name}.${key}`);
        offset += WIDTHS[type];
      }
      return out;
    },
    decode(bytes) {
      if (bytes.length !== length)
        throw malformed(name, `${name} is ${length} bytes long, not ${bytes.length}.`, "length");
      if (!prefix.every((byte, i) => bytes[i] === byte))
        throw malformed(
          name,
          `These bytes do not hold the ${name}: they do not begin with its domain.`,
          "domain",
        );
      const record: Record<string, number | bigint | Uint8Array> = {};
      let offset = prefix.length;
      for (const [key, type] of entries) {
        record[key] = readField(bytes, offset, type);
        offset += WIDTHS[type];
      }
      return record as RecordOf<F>;
    },
  };
}

function writeField(
  out: Uint8Array,
  offset: number,
  type: FieldType,
  value: number | bigint | Uint8Array,
  name: string,
): void {
  const view = new DataView(out.buffer);
  if (type === "bytes32") {
    if (!(value instanceof Uint8Array) || value.length !== 32) throw outOfRange(name, type, value);
    out.set(value, offset);
  } else if (type === "u8" || type === "u32") {
    const limit = type === "u8" ? 0xff : 0xffff_ffff;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > limit)
      throw outOfRange(name, type, value);
    if (type === "u8") view.setUint8(offset, value);
    else view.setUint32(offset, value, true);
  } else {
    if (typeof value !== "bigint") throw outOfRange(name, type, value);
    const wrapped = type === "u64" ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
    if (wrapped !== value) throw outOfRange(name, type, value);
    if (type === "u64") view.setBigUint64(offset, value, true);
    else view.setBigInt64(offset, value, true);
  }
}

function readField(
  bytes: Uint8Array,
  offset: number,
  type: FieldType,
): number | bigint | Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case "u8":
      return view.getUint8(offset);
    case "u32":
      return view.getUint32(offset, true);
    case "u64":
      return view.getBigUint64(offset, true);
    case "i64":
      return view.getBigInt64(offset, true);
    case "bytes32":
      return bytes.slice(offset, offset + 32);
  }
}

function malformed(message: string, text: string, field: string): PlenaryError {
  return new PlenaryError("malformed-envelope", text, { message, field });
}

function outOfRange(
  field: string,
  type: FieldType,
  value: number | bigint | Uint8Array,
): PlenaryError {
  const shown =
    value instanceof Uint8Array
      ? value.length === 32
        ? toBase58(value)
        : `${value.length} bytes`
      : String(value);
  return new PlenaryError("invalid-input", `${field} must be ${type}, not ${shown}.`, { field });
}
