import type { Idl } from "@coral-xyz/anchor";

/*
 * The parts of Anchor's IDL that Plenary's program uses. Anchor does not export their types by
 * name. Forms that the program does not use throw an error.
 */

export type IdlInstruction = Idl["instructions"][number];
export type IdlAccount = Exclude<IdlInstruction["accounts"][number], { accounts: unknown }>;
export type IdlSeed = NonNullable<IdlAccount["pda"]>["seeds"][number];
export type IdlField = IdlInstruction["args"][number];
export type IdlType = IdlField["type"];
export type IdlDefinition = NonNullable<Idl["types"]>[number];

type StructType = Extract<IdlDefinition["type"], { kind: "struct" }>;
type Fields = StructType["fields"];

/** A struct's fields, or an enum's variants with theirs. */
export type Shape =
  | { readonly kind: "struct"; readonly fields: readonly IdlField[] }
  | { readonly kind: "enum"; readonly variants: readonly Variant[] };

/** A variant without fields, with named fields, or with a single field that has no name. */
export interface Variant {
  readonly name: string;
  readonly fields: readonly IdlField[];
  readonly single: IdlType | null;
}

export function definitionOf(idl: Idl, name: string): IdlDefinition {
  const found = idl.types?.find((definition) => definition.name === name);
  if (found === undefined) throw new Error(`The IDL does not define ${name}.`);
  return found;
}

export function shapeOf({ name, type }: IdlDefinition): Shape {
  switch (type.kind) {
    case "struct":
      return { kind: "struct", fields: namedFields(name, type.fields) };
    case "enum":
      return {
        kind: "enum",
        variants: type.variants.map((variant) => {
          const [single = null, ...others] = (variant.fields ?? []).filter(isType);
          if (others.length > 0) throw new Error(`${name}::${variant.name} has unnamed fields.`);
          const fields = single === null ? namedFields(name, variant.fields) : [];
          return { name: camelCase(variant.name), fields, single };
        }),
      };
    case "type":
      throw new Error(`${name} is an alias, which this client does not read.`);
  }
}

/** The accounts of an instruction. */
export function accountsOf(instruction: IdlInstruction): IdlAccount[] {
  return instruction.accounts.map((account) => {
    if ("accounts" in account) throw new Error(`${instruction.name} nests accounts.`);
    return account;
  });
}

/** `open_round`, `BaseState` -> `openRound`, `baseState`. */
export function camelCase(name: string): string {
  const text = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function namedFields(name: string, fields: Fields): IdlField[] {
  const found = (fields ?? []).filter((field): field is IdlField => !isType(field));
  if (found.length !== (fields ?? []).length) throw new Error(`${name} has unnamed fields.`);
  return found;
}

function isType(field: IdlField | IdlType): field is IdlType {
  return typeof field === "string" || !("name" in field);
}
