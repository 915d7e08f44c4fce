import { PlenaryError } from "./errors.ts";
import { native } from "./native.ts";
import { portableSign, portableVerify } from "./portable.ts";

/** Bytes of an ed25519 signature. */
export const SIGNATURE_LENGTH = 64;

/** Ed25519 signature (64 bytes) with a Solana secret key (64 bytes: seed, then public key). */
export function signMessage(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
  if (secretKey.length !== 64)
    throw new PlenaryError(
      "invalid-input",
      "A secret key has 64 bytes: the seed, then the public key.",
      {
        length: secretKey.length,
      },
    );
  return (native?.sign ?? portableSign)(message, secretKey);
}

// Order of the base point's group, little-endian (RFC 8032, section 5.1).
const GROUP_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;

/**
 * Whether `signature` is `publicKey`'s over `message`. Wrong lengths are false, not errors. The
 * check is stricter than RFC 8032, and as strict as Solana's ed25519 program (ed25519-dalek's
 * verify_strict). It refuses an S that is not below the group order, for anyone could make a second
 * signature from a first, and keys and R of small order, for one signature would fit many messages.
 * Both implementations use the equation without the cofactor.
 */
export function verifySignature(
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  return verifyStrictly(native?.verify ?? portableVerify, message, signature, publicKey);
}

/** verifySignature with a given check of Ed25519's equation, so that a test can compare the two. */
export function verifyStrictly(
  satisfiesEquation: typeof portableVerify,
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  if (signature.length !== SIGNATURE_LENGTH || publicKey.length !== 32) return false;
  if (
    !isCanonicalScalar(signature.subarray(32)) ||
    hasSmallOrder(publicKey) ||
    hasSmallOrder(signature.subarray(0, 32))
  )
    return false;
  return satisfiesEquation(message, signature, publicKey);
}

function isCanonicalScalar(bytes: Uint8Array): boolean {
  return littleEndian(bytes) < GROUP_ORDER;
}

// y coordinates of the eight points of small order, with their encodings that are not reduced (p
// and p + 1 for 0 and 1).
const FIELD_PRIME = (1n << 255n) - 19n;
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
  FIELD_PRIME - 1n,
  FIELD_PRIME,
  FIELD_PRIME + 1n,
]);

function hasSmallOrder(point: Uint8Array): boolean {
  const y = littleEndian(point) & ((1n << 255n) - 1n);
  return SMALL_ORDER_Y.has(y);
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}
