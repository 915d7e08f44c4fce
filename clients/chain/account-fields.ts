import { PlenaryError } from "@plenary/protocol";
import { PublicKey } from "@solana/web3.js";
import { Buffer } from "buffer";
import { CODER, snakeCase } from "./program.ts";

/** Typed access to one decoded account; a field of another type than asked for means that program and client disagree. */
export interface AccountFields {
  address(name: string): PublicKey;
  hash(name: string): Uint8Array;
  integer(name: string): number;
  amount(name: string): bigint;
  amounts(name: string): bigint[];
  flag(name: string): boolean;
  variant(name: string): string;
}

/**
 * Decodes an account of the program.
 * @param kind `Federation`, `Member` or `Round`, checked against the account's discriminator and layout version.
 * @throws PlenaryError `invalid-input` if the bytes are no such account or of a version that this client cannot read.
 */
export function decodeFields(kind: string, data: Uint8Array): AccountFields {
  let decoded: unknown;
  try {
    decoded = CODER.accounts.decode(
      kind,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    );
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `The account is not a ${kind}; check its address and the program's.`,
      { kind, bytes: data.length },
      { cause },
    );
  }
  const fields = new Map<string, unknown>(Object.entries(isObject(decoded) ? decoded : {}));
  if (fields.get("version") !== 1) {
    throw new PlenaryError(
      "invalid-input",
      `The ${kind} account has a layout that this client does not know; update the client.`,
      {
        kind,
        version: String(fields.get("version")),
      },
    );
  }
  return fieldReader(kind, fields);
}

function fieldReader(kind: string, fields: ReadonlyMap<string, unknown>): AccountFields {
  function read<T>(name: string, accept: (value: unknown) => T | undefined): T {
    const value = accept(fields.get(snakeCase(name)));
    if (value === undefined)
      throw new PlenaryError(
        "internal",
        `The field ${name} of ${kind} has another type than expected.`,
        {
          kind,
          name,
        },
      );
    return value;
  }
  return {
    address: (name) => read(name, (value) => (value instanceof PublicKey ? value : undefined)),
    hash: (name) => read(name, asBytes),
    integer: (name) => read(name, (value) => (typeof value === "number" ? value : undefined)),
    amount: (name) => read(name, asBigint),
    amounts: (name) =>
      read(name, (value) =>
        Array.isArray(value)
          ? value.map(asBigint).filter((amount) => amount !== undefined)
          : undefined,
      ),
    flag: (name) => read(name, (value) => (typeof value === "boolean" ? value : undefined)),
    variant: (name) => read(name, (value) => (isObject(value) ? Object.keys(value)[0] : undefined)),
  };
}

function asBytes(value: unknown): Uint8Array | undefined {
  return Array.isArray(value) && value.every((byte) => typeof byte === "number")
    ? Uint8Array.from(value)
    : undefined;
}

/** Anchor gives 64-bit integers as BN; its decimal text is the way out that loses nothing. */
function asBigint(value: unknown): bigint | undefined {
  return isObject(value) && "toTwos" in value ? BigInt(String(value)) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What a code of a dispute stands for. */
export function nameOf<const Names extends readonly string[]>(
  names: Names,
  code: unknown,
): Names[number] {
  const name = names[Number(code)];
  if (name !== undefined) return name;
  throw new Error(
    `The dispute has the code ${code}, which this client does not know; update the client.`,
  );
}
