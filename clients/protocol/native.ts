import { fromHex } from "./bytes.ts";

/**
 * Node's cryptography; undefined in browsers. There portable.ts gives the same results, the hash of
 * a megabyte 8 times and a signature 30 times more slowly. The module is looked up at run time, so
 * that no bundler sees it.
 */
const crypto =
  typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:crypto");

/**
 * RFC 8410: the bytes before the 32 bytes of an Ed25519 key, in PKCS #8 (the seed) and in
 * SubjectPublicKeyInfo.
 */
const PRIVATE_KEY_PREFIX = fromHex("302e020100300506032b657004220420");
const PUBLIC_KEY_PREFIX = fromHex("302a300506032b6570032100");

/** As in portable.ts; undefined without Node. */
export const native = crypto && {
  sha256(parts: readonly Uint8Array[]): Uint8Array {
    const hash = crypto.createHash("sha256");
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },

  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array {
    const key = crypto.createPrivateKey({
      key: Buffer.concat([PRIVATE_KEY_PREFIX, secretKey.subarray(0, 32)]),
      format: "der",
      type: "pkcs8",
    });
    return new Uint8Array(crypto.sign(null, message, key));
  },

  verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    const key = crypto.createPublicKey({
      key: Buffer.concat([PUBLIC_KEY_PREFIX, publicKey]),
      format: "der",
      type: "spki",
    });
    return crypto.verify(null, message, key, signature);
  },
};
