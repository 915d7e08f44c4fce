import { MAX_PENDING_ROUNDS } from "./generated/constants.ts";
import { IDL } from "./generated/idl.ts";
import type { Accounts } from "./generated/structures.ts";
import { definitionOf, type IdlType, shapeOf } from "./idl/schema.ts";

const DISCRIMINATOR = 8;
const LIST_HEAD = 4;

/** Items that the program makes room for in an account's list. */
const MOST_ITEMS = MAX_PENDING_ROUNDS;

const PRIMITIVES: Readonly<Record<string, number>> = {
  bool: 1,
  u8: 1,
  u16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  pubkey: 32,
};

/** Bytes of an account of the program as it is made: what its rent is charged for. */
export function accountLength(kind: keyof Accounts): number {
  return DISCRIMINATOR + lengthOf({ defined: { name: kind } });
}

/** Bytes of a token account: the base layout, which Token-2022 extends with at least five bytes. */
export const TOKEN_ACCOUNT_LENGTH = 170;

function lengthOf(type: IdlType): number {
  if (typeof type === "string") return PRIMITIVES[type] ?? unknown(type);
  if ("array" in type)
    return typeof type.array[1] === "number"
      ? lengthOf(type.array[0]) * type.array[1]
      : unknown(type);
  if ("vec" in type) return LIST_HEAD + MOST_ITEMS * lengthOf(type.vec);
  if (!("defined" in type)) return unknown(type);
  const shape = shapeOf(definitionOf(IDL, type.defined.name));
  if (shape.kind === "struct")
    return shape.fields.reduce((sum, field) => sum + lengthOf(field.type), 0);
  return shape.variants.every(({ fields, single }) => fields.length === 0 && single === null)
    ? 1
    : unknown(type);
}

function unknown(type: IdlType): never {
  throw new TypeError(`The length of ${JSON.stringify(type)} is not fixed.`);
}
