import { publicKey, readKeypair } from "@plenary/sdk";
import type { PublicKey } from "@solana/web3.js";

/** As long as 32 bytes are in base58, and without what paths are made of. */
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

/** An update-signing key by its address, or by its keypair file: only the machine that trains needs that. */
export async function readUpdateKey(text: string): Promise<PublicKey> {
  return ADDRESS.test(text)
    ? publicKey(text, "update-signing key")
    : (await readKeypair(text)).publicKey;
}
