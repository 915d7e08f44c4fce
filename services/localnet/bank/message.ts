import { createHash } from "node:crypto";

/** The largest serialised transaction that a Solana node accepts: one IPv6 packet. */
export const PACKET_SIZE = 1232;

/**
 * One instruction; `programIndex` and `accounts` index the message's account keys, loaded ones
 * last.
 */
export interface CompiledInstruction {
  readonly programIndex: number;
  readonly accounts: Uint8Array;
  readonly data: Uint8Array;
}

export interface AddressTableLookup {
  readonly table: Uint8Array;
  readonly writable: Uint8Array;
  readonly readonly: Uint8Array;
}

/** What a transaction's signers sign. Keys are 32-byte addresses. */
export interface Message {
  readonly version: "legacy" | 0;
  readonly requiredSignatures: number;
  readonly readonlySigned: number;
  readonly readonlyUnsigned: number;
  readonly keys: readonly Uint8Array[];
  readonly recentBlockhash: Uint8Array;
  readonly instructions: readonly CompiledInstruction[];
  readonly lookups: readonly AddressTableLookup[];
}

export interface ParsedTransaction {
  readonly bytes: Uint8Array;
  readonly signatures: readonly Uint8Array[];
  readonly message: Message;
}

/**
 * Bytes that are not a transaction. `sanitized`: the form is right, but indices are out of range.
 */
export class MalformedTransactionError extends Error {
  readonly code: "malformed" | "unsanitary";

  constructor(code: "malformed" | "unsanitary", message: string) {
    super(message);
    this.name = "MalformedTransactionError";
    this.code = code;
  }
}

/**
 * Parses a serialised transaction exactly. Everything except the one canonical encoding of a
 * legacy or version 0 transaction is refused, because the virtual machine aborts the whole
 * process on bytes that it cannot read. Throws `MalformedTransactionError`.
 */
export function parseTransaction(bytes: Uint8Array): ParsedTransaction {
  const reader = new Reader(bytes);
  const signatures = reader.list("signatures", () => reader.take(64, "a signature"));
  const message = readMessage(reader);
  reader.end();
  if (signatures.length !== message.requiredSignatures)
    throw unsanitary(`has ${signatures.length} signatures but needs ${message.requiredSignatures}`);
  return { bytes, signatures, message };
}

/**
 * Parses a serialised message (what `getFeeForMessage` is given). Throws
 * `MalformedTransactionError`.
 */
export function parseMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes);
  const message = readMessage(reader);
  reader.end();
  return message;
}

/**
 * Whether the key at `index` (static, then loaded writable, then loaded readonly) may be changed
 * by the transaction.
 */
export function isWritable(message: Message, index: number): boolean {
  const { requiredSignatures, readonlySigned, readonlyUnsigned, keys } = message;
  if (index < requiredSignatures) return index < requiredSignatures - readonlySigned;
  if (index < keys.length) return index < keys.length - readonlyUnsigned;
  const loadedWritable = message.lookups.reduce((sum, lookup) => sum + lookup.writable.length, 0);
  return index < keys.length + loadedWritable;
}

/**
 * Serialises a legacy message whose keys are already ordered; used by the node's own airdrops.
 */
export function encodeLegacyMessage(message: Omit<Message, "version" | "lookups">): Uint8Array {
  const parts: Uint8Array[] = [
    Uint8Array.of(
      message.requiredSignatures,
      message.readonlySigned,
      message.readonlyUnsigned,
      message.keys.length,
    ),
    ...message.keys,
    message.recentBlockhash,
    Uint8Array.of(message.instructions.length),
  ];
  for (const { programIndex, accounts, data } of message.instructions)
    parts.push(
      Uint8Array.of(programIndex, accounts.length),
      accounts,
      Uint8Array.of(data.length),
      data,
    );
  return Buffer.concat(parts);
}

/**
 * Identifies a message: the key by which a node recognises a transaction that it has processed.
 */
export function messageHash(transaction: ParsedTransaction): string {
  const offset = 1 + 64 * transaction.signatures.length;
  return createHash("sha256").update(transaction.bytes.subarray(offset)).digest("base64");
}

function readMessage(reader: Reader): Message {
  const prefix = reader.peek("the message");
  let version: "legacy" | 0 = "legacy";
  if ((prefix & 0x80) !== 0) {
    if ((prefix & 0x7f) !== 0)
      throw malformed(
        `has message version ${prefix & 0x7f}; this node reads legacy and version 0 transactions`,
      );
    reader.byte("the version");
    version = 0;
  }
  const requiredSignatures = reader.byte("the header");
  const readonlySigned = reader.byte("the header");
  const readonlyUnsigned = reader.byte("the header");
  const keys = reader.list("account keys", () => reader.take(32, "an account key"));
  const recentBlockhash = reader.take(32, "the recent blockhash");
  const instructions = reader.list("instructions", () => ({
    programIndex: reader.byte("a program index"),
    accounts: reader.bytes("account indices"),
    data: reader.bytes("instruction data"),
  }));
  const lookups =
    version === 0
      ? reader.list("address table lookups", () => ({
          table: reader.take(32, "a table address"),
          writable: reader.bytes("writable indices"),
          readonly: reader.bytes("readonly indices"),
        }))
      : [];
  const message = {
    version,
    requiredSignatures,
    readonlySigned,
    readonlyUnsigned,
    keys,
    recentBlockhash,
    instructions,
    lookups,
  };
  sanitize(message);
  return message;
}

/**
 * The checks of solana-message's `sanitize`, which a node makes before it looks at signatures.
 */
function sanitize(message: Message): void {
  const { requiredSignatures, readonlySigned, readonlyUnsigned, keys, lookups } = message;
  if (requiredSignatures === 0) throw unsanitary("has no signer");
  if (readonlySigned >= requiredSignatures)
    throw unsanitary("has no writable signer to pay its fee");
  if (requiredSignatures + readonlyUnsigned > keys.length)
    throw unsanitary("has fewer keys than its header says");
  for (const lookup of lookups)
    if (lookup.writable.length + lookup.readonly.length === 0)
      throw unsanitary("looks up nothing in an address table");
  const loaded = lookups.reduce(
    (sum, lookup) => sum + lookup.writable.length + lookup.readonly.length,
    0,
  );
  const total = keys.length + loaded;
  if (total > 256) throw unsanitary(`names ${total} accounts; the limit is 256`);
  for (const { programIndex, accounts } of message.instructions) {
    if (programIndex === 0 || programIndex >= keys.length)
      throw unsanitary(`names program ${programIndex} of ${keys.length} keys`);
    for (const index of accounts)
      if (index >= total) throw unsanitary(`names account ${index} of ${total} keys`);
  }
}

function malformed(problem: string): MalformedTransactionError {
  return new MalformedTransactionError("malformed", `The transaction ${problem}.`);
}

function unsanitary(problem: string): MalformedTransactionError {
  return new MalformedTransactionError("unsanitary", `The transaction ${problem}.`);
}

class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  peek(what: string): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw malformed(`ends before ${what}`);
    return value;
  }

  byte(what: string): number {
    const value = this.peek(what);
    this.#offset++;
    return value;
  }

  take(length: number, what: string): Uint8Array {
    if (this.#offset + length > this.#bytes.length) throw malformed(`ends within ${what}`);
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  bytes(what: string): Uint8Array {
    return this.take(this.#length(what), what);
  }

  list<T>(what: string, item: () => T): T[] {
    return Array.from({ length: this.#length(what) }, item);
  }

  end(): void {
    const rest = this.#bytes.length - this.#offset;
    if (rest !== 0) throw malformed(`has ${rest} bytes after its end`);
  }

  /**
   * compact-u16: seven bits a byte, low bits first, and only the shortest encoding of a number.
   */
  #length(what: string): number {
    let value = 0;
    for (let index = 0; index < 3; index++) {
      const byte = this.byte(what);
      value |= (byte & 0x7f) << (7 * index);
      if ((byte & 0x80) !== 0) continue;
      if (byte === 0 && index > 0) break;
      if (value > this.#bytes.length) throw malformed(`counts more ${what} than it has bytes`);
      return value;
    }
    throw malformed(`has a length of ${what} that is not a canonical compact-u16`);
  }
}
