import bs58 from "bs58";
import { PlenaryError } from "./errors.ts";

/** Lowercase hexadecimal, the form of hashes in JSON and URLs. */
export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += byte.toString(16).padStart(2, "0");
  return out;
}

/**
 * Bytes of a lowercase hexadecimal string; `length`, where given, is enforced. Throws
 * `invalid-input`.
 */
export function fromHex(text: string, length?: number): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text))
    throw new PlenaryError("invalid-input", "Expected lowercase hexadecimal.", {
      text: text.slice(0, 80),
    });
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return expectLength(out, length, "hexadecimal text");
}

/** Base58, the form of addresses and keys in JSON and URLs. */
export function toBase58(bytes: Uint8Array): string {
  return bs58.encode(bytes);
}

/** The 32 bytes of an address or key. Throws `invalid-input`. */
export function fromBase58(text: string): Uint8Array {
  const bytes = text.length <= 64 ? bs58.decodeUnsafe(text) : undefined;
  if (bytes === undefined)
    throw new PlenaryError("invalid-input", "Expected an address in base58.", {
      text: text.slice(0, 80),
    });
  return expectLength(Uint8Array.from(bytes), 32, "an address");
}

/** Base64 with padding, the form of envelopes, receipts and signatures in headers and JSON. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * Bytes of canonical base64 (padded, no white space); `length`, where given, is enforced. Throws
 * `invalid-input`.
 */
export function fromBase64(text: string, length?: number): Uint8Array {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw new PlenaryError("invalid-input", "Expected base64.", { text: text.slice(0, 80) });
  const out = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (toBase64(out) !== text)
    throw new PlenaryError("invalid-input", "Expected canonical base64.", {
      text: text.slice(0, 80),
    });
  return expectLength(out, length, "base64 text");
}

/** Whether both have the same length and bytes. Not in constant time: for public bytes only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Order of byte strings as unsigned lexicographic order: the order of leaves. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

function expectLength(bytes: Uint8Array, length: number | undefined, what: string): Uint8Array {
  if (length !== undefined && bytes.length !== length)
    throw new PlenaryError(
      "invalid-input",
      `Expected ${length} bytes of ${what}, not ${bytes.length}.`,
      {
        expected: length,
        actual: bytes.length,
      },
    );
  return bytes;
}
