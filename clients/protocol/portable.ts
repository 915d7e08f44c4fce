import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import nacl from "tweetnacl";

/** Cryptography that runs everywhere: for browsers, and to compare native.ts with. */

/** SHA-256 of the concatenated parts. */
export function portableSha256(parts: readonly Uint8Array[]): Uint8Array {
  const hash = nobleSha256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Ed25519 signature with a 64-byte secret key. */
export function portableSign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  return nacl.sign.detached(message, secretKey);
}

/** Whether the signature satisfies Ed25519's equation. The caller checks the lengths. */
export function portableVerify(
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  return nacl.sign.detached.verify(message, signature, publicKey);
}
