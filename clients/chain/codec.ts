import { PublicKey } from "@solana/web3.js";
import BN from "bn.js";
import { IDL } from "./generated/idl.ts";
import { camelCase, definitionOf, type IdlField, type IdlType, shapeOf } from "./idl/schema.ts";

/*
 * Converts between the client's values, whose types are in generated/structures.ts, and the values
 * of Anchor's coder: bigint and BN, bytes and arrays, `{ kind, ... }` and `{ Variant: {...} }`,
 * names in camel case and in snake case.
 */

/** A value of the client as Anchor's coder takes it. Throws where it is not of the IDL's type. */
export function toAnchor(type: IdlType, value: unknown, path: string): unknown {
  if (typeof type === "string") return primitiveToAnchor(type, value, path);
  if ("defined" in type) return definedToAnchor(type.defined.name, value, path);
  if ("option" in type)
    return value === null || value === undefined ? null : toAnchor(type.option, value, path);
  const items = listIn(value, path);
  if ("vec" in type) return items.map((item, i) => toAnchor(type.vec, item, `${path}/${i}`));
  if (!("array" in type)) throw mismatch(path, type);
  const [inner, length] = type.array;
  if (items.length !== length) throw mismatch(path, type);
  return items.map((item, i) => toAnchor(inner, item, `${path}/${i}`));
}

/** The fields of a struct of the client as Anchor's coder takes them. */
export function fieldsToAnchor(
  fields: readonly IdlField[],
  value: object,
  path: string,
): Record<string, unknown> {
  const given = new Map<string, unknown>(Object.entries(value));
  return Object.fromEntries(
    fields.map(({ name, type }) => {
      const key = camelCase(name);
      return [name, toAnchor(type, given.get(key), `${path}/${key}`)];
    }),
  );
}

/** A value of Anchor's coder as the client holds it. */
export function fromAnchor(type: IdlType, value: unknown, path: string): unknown {
  if (typeof type === "string") return primitiveFromAnchor(type, value);
  if ("defined" in type) return definedFromAnchor(type.defined.name, value, path);
  if ("option" in type) return value === null ? null : fromAnchor(type.option, value, path);
  const inner = "vec" in type ? type.vec : "array" in type ? type.array[0] : undefined;
  if (inner === undefined) throw mismatch(path, type);
  const items = listIn(value, path);
  if (inner === "u8") return Uint8Array.from(items, Number);
  return items.map((item, i) => fromAnchor(inner, item, `${path}/${i}`));
}

/** The fields of a struct as the client holds them. */
export function fieldsFromAnchor(
  fields: readonly IdlField[],
  value: unknown,
  path: string,
): Record<string, unknown> {
  const given = entriesOf(value, path);
  return Object.fromEntries(
    fields.map(({ name, type }) => {
      const key = camelCase(name);
      return [key, fromAnchor(type, given.get(name), `${path}/${key}`)];
    }),
  );
}

function primitiveToAnchor(type: string, value: unknown, path: string): unknown {
  switch (type) {
    case "pubkey":
      if (value instanceof PublicKey) return value;
      break;
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "string":
      if (typeof value === "string") return value;
      break;
    case "u64":
    case "i64":
    case "u128":
    case "i128":
      if (typeof value === "bigint") return new BN(value.toString());
      break;
    default:
      if (typeof value === "number" && Number.isInteger(value)) return value;
  }
  throw mismatch(path, type);
}

function primitiveFromAnchor(type: string, value: unknown): unknown {
  // BN's decimal text loses nothing.
  return /^[ui](64|128)$/.test(type) ? BigInt(String(value)) : value;
}

function definedToAnchor(name: string, value: unknown, path: string): unknown {
  const shape = shapeOf(definitionOf(IDL, name));
  if (shape.kind === "struct") return fieldsToAnchor(shape.fields, objectIn(value, path), path);
  const { kind } = typeof value === "string" ? { kind: value } : kindOf(value, path);
  const variant = shape.variants.find((candidate) => candidate.name === kind);
  if (variant === undefined) throw mismatch(path, name);
  const { fields, single } = variant;
  const inner =
    single !== null
      ? [toAnchor(single, entriesOf(value, path).get("value"), path)]
      : fields.length > 0
        ? fieldsToAnchor(fields, objectIn(value, path), path)
        : {};
  // Anchor reads the fields of a variant by name, or by number if they have no names.
  return { [pascalCase(variant.name)]: { ...inner } };
}

function definedFromAnchor(name: string, value: unknown, path: string): unknown {
  const shape = shapeOf(definitionOf(IDL, name));
  if (shape.kind === "struct") return fieldsFromAnchor(shape.fields, value, path);
  const [[key, inner] = ["", {}]] = entriesOf(value, path);
  const variant = shape.variants.find((candidate) => candidate.name === camelCase(key));
  if (variant === undefined) throw mismatch(path, name);
  const kind = variant.name;
  if (shape.variants.every(({ fields, single }) => fields.length === 0 && !single)) return kind;
  if (variant.single === null) return { kind, ...fieldsFromAnchor(variant.fields, inner, path) };
  return { kind, value: fromAnchor(variant.single, entriesOf(inner, path).get("0"), path) };
}

function kindOf(value: unknown, path: string): { readonly kind: unknown } {
  return { kind: entriesOf(value, path).get("kind") };
}

function entriesOf(value: unknown, path: string): Map<string, unknown> {
  return new Map<string, unknown>(Object.entries(objectIn(value, path)));
}

function objectIn(value: unknown, path: string): object {
  if (typeof value === "object" && value !== null) return value;
  throw mismatch(path, "a struct");
}

function listIn(value: unknown, path: string): unknown[] {
  if (Array.isArray(value) || value instanceof Uint8Array) return Array.from<unknown>(value);
  throw mismatch(path, "a list");
}

function pascalCase(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

function mismatch(path: string, type: unknown): Error {
  return new TypeError(`${path} is not ${typeof type === "string" ? type : JSON.stringify(type)}.`);
}
