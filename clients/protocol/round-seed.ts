import { sha256 } from "./hash.ts";

/**
 * Seed of a round: the hash of the base model's root, the round's number (u64) and the slot hash
 * that the program recorded when the round opened, which nobody could choose.
 */
export function roundSeed(baseRoot: Uint8Array, round: bigint, slotHash: Uint8Array): Uint8Array {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, round, true);
  return sha256(baseRoot, number, slotHash);
}
