import { parseRecord, type TransactionRecord } from "./record.ts";

/**
 * A processed transaction in memory. Listings read its fields; the rest stays as the journal
 * holds it.
 */
export interface HistoryEntry {
  /** Counts transactions from the ledger's first; orders entries within a slot. */
  readonly position: number;
  readonly signature: string;
  readonly slot: number;
  readonly time: number;
  readonly failed: boolean;
  readonly transaction: Uint8Array;
  readonly encodedRecord: Uint8Array;
  /** Base58 of every account that the transaction names. */
  readonly addresses: readonly string[];
}

/** The record of an entry. */
export function recordOf(entry: HistoryEntry): TransactionRecord {
  return parseRecord(entry.encodedRecord);
}

/** Signatures that must stay known while their blockhash is valid, with room to spare. */
const KEPT_SLOTS = 300;
/** Rough cost of an entry's object, keys and index places beside its bytes. */
const ENTRY_OVERHEAD = 600;

/** The transactions that the node still remembers, oldest first, within a bound of `maxBytes`. */
export class History {
  readonly #maxBytes: number;
  readonly #bySignature = new Map<string, HistoryEntry>();
  readonly #byAddress = new Map<string, HistoryEntry[]>();
  readonly #bySlot = new Map<number, HistoryEntry[]>();
  #bytes = 0;
  #total = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Transactions since the ledger began, forgotten ones included; the position of the next one.
   */
  get total(): number {
    return this.#total;
  }

  /** The oldest slot all of whose transactions are still known. */
  firstSlot(): number {
    const oldest = this.#bySignature.values().next().value;
    return oldest === undefined || oldest.position === 0 ? 0 : oldest.slot + 1;
  }

  add(entry: HistoryEntry): void {
    this.#total = entry.position + 1;
    this.#bySignature.set(entry.signature, entry);
    for (const address of entry.addresses) pushTo(this.#byAddress, address, entry);
    pushTo(this.#bySlot, entry.slot, entry);
    this.#bytes += sizeOf(entry);
    for (const oldest of this.#bySignature.values()) {
      if (this.#bytes <= this.#maxBytes || oldest.slot + KEPT_SLOTS >= entry.slot) break;
      this.#forget(oldest);
    }
  }

  /** Every transaction still known, oldest first. */
  entries(): IterableIterator<HistoryEntry> {
    return this.#bySignature.values();
  }

  get(signature: string): HistoryEntry | undefined {
    return this.#bySignature.get(signature);
  }

  /** Transactions that name `address`, oldest first. */
  ofAddress(address: string): readonly HistoryEntry[] {
    return this.#byAddress.get(address) ?? [];
  }

  /** Transactions of `slot` in the order in which they ran. */
  ofSlot(slot: number): readonly HistoryEntry[] {
    return this.#bySlot.get(slot) ?? [];
  }

  #forget(entry: HistoryEntry): void {
    this.#bySignature.delete(entry.signature);
    this.#bytes -= sizeOf(entry);
    for (const address of entry.addresses) shiftFrom(this.#byAddress, address);
    shiftFrom(this.#bySlot, entry.slot);
  }
}

function sizeOf(entry: HistoryEntry): number {
  return (
    entry.transaction.length +
    entry.encodedRecord.length +
    ENTRY_OVERHEAD +
    60 * entry.addresses.length
  );
}

function pushTo<K>(index: Map<K, HistoryEntry[]>, key: K, entry: HistoryEntry): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [entry]);
  else list.push(entry);
}

/** Entries are forgotten oldest first, so the one to drop is the first of each list. */
function shiftFrom<K>(index: Map<K, HistoryEntry[]>, key: K): void {
  const list = index.get(key);
  list?.shift();
  if (list?.length === 0) index.delete(key);
}
