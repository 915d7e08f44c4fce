import { type AccountChange, decodeChange, encodeChange } from "./account-changes.ts";
import type { UiTokenAmount } from "./token-accounts.ts";
import type { TransactionError } from "./transaction-errors.ts";
import type { Account } from "./virtual-machine.ts";

/** A token balance before or after a transaction; addresses in base58. */
export interface TokenBalance {
  readonly accountIndex: number;
  readonly mint: string;
  readonly owner: string;
  readonly programId: string;
  readonly uiTokenAmount: UiTokenAmount;
}

/** A processed transaction's metadata. In JSON, lamports are decimal strings and bytes base64. */
export interface TransactionRecord {
  /** Counts transactions from the ledger's first. */
  readonly position: number;
  readonly slot: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly error: TransactionError | null;
  readonly fee: string;
  readonly logs: readonly string[];
  readonly inner: readonly (readonly {
    readonly programIndex: number;
    readonly accounts: readonly number[];
    readonly data: string;
    readonly stackHeight: number;
  }[])[];
  readonly units: string;
  readonly returned: { readonly program: string; readonly data: string } | null;
  readonly preBalances: readonly string[];
  readonly postBalances: readonly string[];
  readonly preTokens: readonly TokenBalance[];
  readonly postTokens: readonly TokenBalance[];
  /** Addresses (base58) that address tables supplied. */
  readonly loaded: { readonly writable: readonly string[]; readonly readonly: readonly string[] };
}

/**
 * A journal entry: format u8 = 1 | record length u32 | record (JSON) | transaction length u32 |
 * transaction | changes u32 | changes. It holds the changes of the accounts, and a start does not
 * run the transaction again: a ledger outlives changes in how the virtual machine meters its
 * work.
 */
export interface JournalEntry {
  readonly record: TransactionRecord;
  /** The record as it was written, for keeping it in less memory than the object takes. */
  readonly encodedRecord: Uint8Array;
  readonly transaction: Uint8Array;
}

const FORMAT = 1;

export function encodeEntry(
  record: TransactionRecord,
  transaction: Uint8Array,
  changes: readonly AccountChange[],
): { entry: Uint8Array; encodedRecord: Uint8Array } {
  const encodedRecord = Buffer.from(JSON.stringify(record));
  const entry = Buffer.concat([
    Uint8Array.of(FORMAT),
    u32(encodedRecord.length),
    encodedRecord,
    u32(transaction.length),
    transaction,
    u32(changes.length),
    ...changes.map(encodeChange),
  ]);
  return { entry, encodedRecord };
}

/** Decodes an entry without its changes, which the history does not need. */
export function decodeEntry(bytes: Buffer): JournalEntry {
  const { recordEnd, transactionEnd } = layoutOf(bytes);
  const encodedRecord = bytes.subarray(5, recordEnd);
  const transaction = bytes.subarray(recordEnd + 4, transactionEnd);
  return { record: parseRecord(encodedRecord), encodedRecord, transaction };
}

/** Decodes an entry's changes. `before` tells an account's state before the transaction. */
export function decodeChanges(
  bytes: Buffer,
  before: (address: Uint8Array) => Account | null,
): AccountChange[] {
  const { transactionEnd } = layoutOf(bytes);
  let offset = transactionEnd + 4;
  return Array.from({ length: bytes.readUInt32LE(transactionEnd) }, () => {
    const { change, next } = decodeChange(bytes, offset, before);
    offset = next;
    return change;
  });
}

function layoutOf(bytes: Buffer): { recordEnd: number; transactionEnd: number } {
  if (bytes[0] !== FORMAT)
    throw new RangeError(`Journal entry has format ${bytes[0]}; this node reads format ${FORMAT}.`);
  const recordEnd = 5 + bytes.readUInt32LE(1);
  return { recordEnd, transactionEnd: recordEnd + 4 + bytes.readUInt32LE(recordEnd) };
}

export function parseRecord(encoded: Uint8Array): TransactionRecord {
  // The journal's checksum vouches for the form: only `encodeEntry` writes it.
  return JSON.parse(
    Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength).toString("utf8"),
  ) as TransactionRecord;
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
