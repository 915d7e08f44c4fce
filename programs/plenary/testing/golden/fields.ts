import { toHex } from "@plenary/protocol";
import { PublicKey } from "@solana/web3.js";

/**
 * A decoded account as JSON: addresses in base58, hashes in hex, 64-bit integers as decimal
 * strings.
 */
export function plainFields(account: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(account).map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof PublicKey) return value.toBase58();
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null ? plainFields(value) : value;
}
