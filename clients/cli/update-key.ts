import { publicKey, readKeypair } from "@plenary/sdk";
import type { PublicKey } from "@solana/web3.js";

/** As long as 32 bytes in base58, and without the characters of a path. */
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

/**
 * An update-signing key, given by its address or by its keypair file. Only the machine that trains
 * needs the file.
 */
export function readUpdateKey(text: string): Promise<PublicKey> {
  return readAddress(text, "update-signing key");
}

/** A key, given by its address or by its keypair file. */
export async function readAddress(text: string, what: string): Promise<PublicKey> {
  return ADDRESS.test(text) ? publicKey(text, what) : (await readKeypair(text)).publicKey;
}
