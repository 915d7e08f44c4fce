import { native } from "./native.ts";
import { portableSha256 } from "./portable.ts";

/** Length of every hash and address in bytes. */
export const HASH_LENGTH = 32;
/** 32 zero bytes: stands for a hash that is absent. */
export const ZERO_HASH: Uint8Array = new Uint8Array(HASH_LENGTH);

/** Below this size a call of the native implementation costs more than it saves. */
const NATIVE_FROM_BYTES = 512;

/** SHA-256 of the concatenated parts. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  if (native === undefined) return portableSha256(parts);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return length < NATIVE_FROM_BYTES ? portableSha256(parts) : native.sha256(parts);
}
