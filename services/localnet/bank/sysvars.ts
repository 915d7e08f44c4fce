import bs58 from "bs58";

export const SLOTS_PER_EPOCH = 432_000;
/** A transaction may name a blockhash for this many slots after the slot that made it. */
export const BLOCKHASH_LIFETIME = 150;
/** Slots whose hashes the SlotHashes sysvar holds. */
export const SLOT_HASHES_LENGTH = 512;
const SLOT_HASHES = bs58.decode("SysvarS1otHashes111111111111111111111111111");
const RECENT_BLOCKHASHES = bs58.decode("SysvarRecentB1ockHashes11111111111111111111");
const LAMPORTS_PER_SIGNATURE = 5_000n;

/**
 * Everything that the virtual machine must know about the current slot. Lists are newest first;
 * hashes have 32 bytes.
 */
export interface SlotState {
  readonly slot: number;
  /** Seconds since 1970. */
  readonly unixTimestamp: number;
  readonly epochStartTimestamp: number;
  readonly slotHashes: readonly { readonly slot: number; readonly hash: Uint8Array }[];
  readonly recentBlockhashes: readonly Uint8Array[];
}

/** The accounts that tell programs of earlier slots: SlotHashes and RecentBlockhashes. */
export function slotSysvars(state: SlotState): { address: Uint8Array; data: Uint8Array }[] {
  return [
    { address: SLOT_HASHES, data: encodeSlotHashes(state.slotHashes) },
    { address: RECENT_BLOCKHASHES, data: encodeRecentBlockhashes(state.recentBlockhashes) },
  ];
}

// Programs read both at their full length, however few entries they hold: the rest is zeros.

function encodeSlotHashes(entries: SlotState["slotHashes"]): Uint8Array {
  const bytes = Buffer.alloc(8 + 40 * SLOT_HASHES_LENGTH);
  bytes.writeBigUInt64LE(BigInt(entries.length), 0);
  entries.forEach(({ slot, hash }, index) => {
    bytes.writeBigUInt64LE(BigInt(slot), 8 + 40 * index);
    bytes.set(hash, 16 + 40 * index);
  });
  return bytes;
}

function encodeRecentBlockhashes(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.alloc(8 + 40 * BLOCKHASH_LIFETIME);
  bytes.writeBigUInt64LE(BigInt(hashes.length), 0);
  hashes.forEach((hash, index) => {
    bytes.set(hash, 8 + 40 * index);
    bytes.writeBigUInt64LE(LAMPORTS_PER_SIGNATURE, 40 + 40 * index);
  });
  return bytes;
}
