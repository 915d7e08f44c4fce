import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** Length of every hash and address in bytes. */
export const HASH_LENGTH = 32;
export const ZERO_HASH: Uint8Array = new Uint8Array(HASH_LENGTH);

/** SHA-256 of the concatenated parts. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = nobleSha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}
