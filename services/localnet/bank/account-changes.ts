import type { Account } from "./virtual-machine.ts";

/** One account as a transaction left it; `null`: the account is gone. */
export interface AccountChange {
  readonly address: Uint8Array;
  readonly before: Account | null;
  readonly after: Account | null;
}

export function sameAccount(a: Account | null, b: Account | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.lamports === b.lamports &&
    a.executable === b.executable &&
    a.rentEpoch === b.rentEpoch &&
    Buffer.compare(a.owner, b.owner) === 0 &&
    Buffer.compare(a.data, b.data) === 0
  );
}

const EXISTS = 1;
const EXECUTABLE = 2;
const FIXED_LENGTH = 32 + 1 + 8 + 8 + 32 + 12;

/**
 * Encodes a change as the account's new fields and the range of its data that differs, so that a
 * write of one kilobyte into a program of a megabyte takes one kilobyte of the journal:
 * address[32] | flags u8 | lamports u64 | rentEpoch u64 | owner[32] | length u32 | offset u32 |
 * patch length u32 | patch.
 */
export function encodeChange({ address, before, after }: AccountChange): Uint8Array {
  if (after === null) return Buffer.concat([address, new Uint8Array(FIXED_LENGTH - 32)]);
  const { offset, end } = differingRange(before?.data ?? new Uint8Array(), after.data);
  const bytes = Buffer.alloc(FIXED_LENGTH + end - offset);
  bytes.set(address, 0);
  bytes[32] = EXISTS | (after.executable ? EXECUTABLE : 0);
  bytes.writeBigUInt64LE(after.lamports, 33);
  bytes.writeBigUInt64LE(after.rentEpoch, 41);
  bytes.set(after.owner, 49);
  bytes.writeUInt32LE(after.data.length, 81);
  bytes.writeUInt32LE(offset, 85);
  bytes.writeUInt32LE(end - offset, 89);
  bytes.set(after.data.subarray(offset, end), FIXED_LENGTH);
  return bytes;
}

/**
 * Decodes the change at `offset`, given the account's state before it. Returns the change and the
 * offset behind it.
 */
export function decodeChange(
  bytes: Buffer,
  offset: number,
  before: (address: Uint8Array) => Account | null,
): { change: AccountChange; next: number } {
  const address = bytes.subarray(offset, offset + 32);
  const old = before(address);
  const flags = bytes[offset + 32]!;
  if ((flags & EXISTS) === 0)
    return { change: { address, before: old, after: null }, next: offset + FIXED_LENGTH };
  const patchOffset = bytes.readUInt32LE(offset + 85);
  const patchLength = bytes.readUInt32LE(offset + 89);
  const next = offset + FIXED_LENGTH + patchLength;
  const data = new Uint8Array(bytes.readUInt32LE(offset + 81));
  if (old !== null) data.set(old.data.subarray(0, data.length));
  data.set(bytes.subarray(offset + FIXED_LENGTH, next), patchOffset);
  const after = {
    lamports: bytes.readBigUInt64LE(offset + 33),
    rentEpoch: bytes.readBigUInt64LE(offset + 41),
    owner: bytes.subarray(offset + 49, offset + 81),
    executable: (flags & EXECUTABLE) !== 0,
    data,
  };
  return { change: { address, before: old, after }, next };
}

/** The range of `after` outside which it equals `before` at the same offsets. */
function differingRange(before: Uint8Array, after: Uint8Array): { offset: number; end: number } {
  const common = Math.min(before.length, after.length);
  let offset = 0;
  while (offset < common && before[offset] === after[offset]) offset++;
  let end = after.length;
  if (before.length >= after.length)
    while (end > offset && before[end - 1] === after[end - 1]) end--;
  return { offset, end };
}
