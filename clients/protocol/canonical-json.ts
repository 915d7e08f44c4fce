import canonicalize from "canonicalize";
import { PlenaryError } from "./errors.ts";
import { sha256 } from "./hash.ts";

/**
 * RFC 8785 canonical JSON: one text per value, so that its hash names the value. Throws
 * `invalid-input` on values that JSON cannot hold.
 */
export function canonicalJson(value: unknown): string {
  try {
    const text = canonicalize(value);
    if (text !== undefined) return text;
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `This value has no canonical JSON: ${String(cause)}`,
      {},
      { cause },
    );
  }
  throw new PlenaryError("invalid-input", "This value has no canonical JSON.");
}

/**
 * The canonical JSON of a value in UTF-8: the bytes that `hashJson` hashes. Throws as
 * `canonicalJson`.
 */
export function canonicalJsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalJson(value));
}

/** SHA-256 of the canonical JSON. */
export function hashJson(value: unknown): Uint8Array {
  return sha256(canonicalJsonBytes(value));
}
