import { sha256 } from "@plenary/protocol";

/**
 * SHA-256 of a large blob, by the platform's own code where there is some. Browsers offer it in
 * secure contexts only.
 */
export async function hashBlob(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined || !(bytes.buffer instanceof ArrayBuffer)) return sha256(bytes);
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Uint8Array(await subtle.digest("SHA-256", view));
}
