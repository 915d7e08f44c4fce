import { publicKey, readKeypair } from "@plenary/sdk";
import type { PublicKey } from "@solana/web3.js";

/** As long as 32 bytes in base58, and without the characters of a path. */
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

/**
 * An update-signing key, given by its address or by its keypair file. Only the machine that trains
 * needs the file.
 */
export async function readUpdateKey(text: string): Promise<PublicKey> {
  return ADDRESS.test(text)
    ? publicKey(text, "update-signing key")
    : (await readKeypair(text)).publicKey;
}
