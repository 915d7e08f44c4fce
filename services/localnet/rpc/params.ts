import bs58 from "bs58";
import Type, { type Static, type TProperties } from "typebox";
import type { Bank } from "../bank/bank.ts";
import { invalidParam, RpcError } from "./errors.ts";

const Literals = <const T extends string>(values: readonly T[]) => Type.Enum([...values]);

/**
 * How settled the state must be that a client asks for; old names of the three levels included.
 */
export const Commitment = Literals([
  "processed",
  "confirmed",
  "finalized",
  "recent",
  "single",
  "singleGossip",
  "root",
  "max",
]);
export type Commitment = Static<typeof Commitment>;
export const Encoding = Literals(["base58", "base64", "base64+zstd", "jsonParsed"]);
export type Encoding = Static<typeof Encoding>;
export const TransactionEncoding = Literals(["json", "jsonParsed", "base58", "base64"]);
export type TransactionEncoding = Static<typeof TransactionEncoding>;
/** Base58 of 32 bytes; `addressOf` decodes it. */
export const Address = Type.String({ minLength: 32, maxLength: 44 });
/** Base58 of 64 bytes. */
export const Signature = Type.String({ minLength: 64, maxLength: 88 });
export const Slot = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const COMMITMENT_FIELDS = {
  commitment: Type.Optional(Commitment),
  minContextSlot: Type.Optional(Slot),
} as const;
export const DataSlice = Type.Object({ offset: Count, length: Count });
export type DataSlice = Static<typeof DataSlice>;

/**
 * A configuration object with the usual commitment fields and `fields`. Like nodes, it ignores
 * unknown ones.
 */
export function Config<P extends TProperties>(fields: P) {
  return Type.Optional(Type.Object({ ...COMMITMENT_FIELDS, ...fields }));
}

export const ACCOUNT_FIELDS = {
  encoding: Type.Optional(Encoding),
  dataSlice: Type.Optional(DataSlice),
} as const;
export const AccountConfig = Config(ACCOUNT_FIELDS);
export const CommitmentConfig = Config({});

/** The 32 bytes of an address; errors name `field`. Throws `RpcError`. */
export function addressOf(text: string, field: string): Uint8Array {
  const bytes = bs58.decodeUnsafe(text);
  if (bytes === undefined) throw invalidParam(field, "is not base58: Invalid");
  if (bytes.length !== 32)
    throw invalidParam(field, `has ${bytes.length} bytes, an address has 32: WrongSize`);
  return bytes;
}

/** Checks a signature and returns it; errors name `field`. Throws `RpcError`. */
export function signatureOf(text: string, field: string): string {
  const bytes = bs58.decodeUnsafe(text);
  if (bytes === undefined) throw invalidParam(field, "is not base58: Invalid");
  if (bytes.length !== 64)
    throw invalidParam(field, `has ${bytes.length} bytes, a signature has 64: WrongSize`);
  return text;
}

/** Whether only state of complete blocks will do: the default, as on a node. */
export function wantsFinalized(commitment: Commitment | undefined): boolean {
  return (
    commitment === undefined ||
    commitment === "finalized" ||
    commitment === "root" ||
    commitment === "max"
  );
}

/** The newest slot at this commitment. Throws `RpcError` if the request asks for a later one. */
export function contextSlot(
  bank: Bank,
  config: { commitment?: Commitment; minContextSlot?: number } | undefined,
): number {
  const slot = wantsFinalized(config?.commitment) ? bank.slots.root : bank.slots.current;
  if (config?.minContextSlot !== undefined && config.minContextSlot > bank.slots.current)
    throw new RpcError("minContextSlotNotReached", "Minimum context slot has not been reached", {
      contextSlot: slot,
    });
  return slot;
}

export const API_VERSION = "3.1.0";

/** A value with the slot at which it was read, the form of most answers. */
export function withContext<T>(slot: number, value: T) {
  return { context: { apiVersion: API_VERSION, slot }, value };
}
