import type { Idl } from "@coral-xyz/anchor";
import { docComment } from "./doc-comment.ts";
import {
  camelCase,
  type IdlDefinition,
  type IdlField,
  type IdlType,
  shapeOf,
  type Variant,
} from "./schema.ts";

/** TypeScript of every struct and enum of the program, and the maps of its accounts and events. */
export function structuresText(idl: Idl): string {
  return [
    'import type { PublicKey } from "@solana/web3.js";',
    ...(idl.types ?? []).map(definitionText),
    mapText("Accounts", "The program's accounts by name.", idl.accounts ?? []),
    mapText("Events", "The program's events by name.", idl.events ?? []),
    `/** Names of the program's own errors. */\nexport type ProgramErrorName =\n${(idl.errors ?? [])
      .map(({ name }) => `  | "${name}"`)
      .join("\n")};`,
  ].join("\n\n");
}

/** A field as a line of an interface, with its documentation. */
export function fieldText({ name, docs, type }: IdlField, optional = false): string {
  const mark = optional ? "?" : "";
  return `${docComment(docs, "  ")}  readonly ${camelCase(name)}${mark}: ${typeText(type)};`;
}

/** The type in which the client holds a value of an IDL type (see codec.ts, which converts). */
export function typeText(type: IdlType): string {
  if (typeof type === "string") return primitiveText(type);
  if ("defined" in type) return type.defined.name;
  if ("option" in type) return `${typeText(type.option)} | null`;
  if ("vec" in type) return type.vec === "u8" ? "Uint8Array" : `readonly ${typeText(type.vec)}[]`;
  if ("array" in type)
    return type.array[0] === "u8" ? "Uint8Array" : `readonly ${typeText(type.array[0])}[]`;
  throw new Error(`The client does not read the type ${JSON.stringify(type)}.`);
}

function primitiveText(type: string): string {
  switch (type) {
    case "u8":
    case "i8":
    case "u16":
    case "i16":
    case "u32":
    case "i32":
      return "number";
    case "u64":
    case "i64":
    case "u128":
    case "i128":
      return "bigint";
    case "bool":
      return "boolean";
    case "string":
      return "string";
    case "bytes":
      return "Uint8Array";
    case "pubkey":
      return "PublicKey";
    default:
      throw new Error(`The client does not read the type ${type}.`);
  }
}

function definitionText(definition: IdlDefinition): string {
  const { name, docs } = definition;
  const shape = shapeOf(definition);
  const comment = docComment(docs, "");
  if (shape.kind === "struct")
    return `${comment}export interface ${name} {\n${shape.fields.map((field) => fieldText(field)).join("\n")}\n}`;
  const isPlain = shape.variants.every(({ fields, single }) => fields.length === 0 && !single);
  const variants = shape.variants.map((variant) =>
    isPlain ? `"${variant.name}"` : variantText(variant),
  );
  return `${comment}export type ${name} =\n${variants.map((text) => `  | ${text}`).join("\n")};`;
}

function variantText({ name, fields, single }: Variant): string {
  const inner = [
    `readonly kind: "${name}"`,
    ...fields.map((field) => `readonly ${camelCase(field.name)}: ${typeText(field.type)}`),
    ...(single === null ? [] : [`readonly value: ${typeText(single)}`]),
  ];
  return `{ ${inner.join("; ")} }`;
}

function mapText(name: string, docs: string, items: readonly { name: string }[]): string {
  const lines = items.map((item) => `  readonly ${item.name}: ${item.name};`);
  return `/** ${docs} */\nexport interface ${name} {\n${lines.join("\n")}\n}`;
}
