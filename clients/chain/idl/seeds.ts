import type { Idl } from "@coral-xyz/anchor";
import {
  accountsOf,
  camelCase,
  definitionOf,
  type IdlInstruction,
  type IdlSeed,
  type IdlType,
  shapeOf,
} from "./schema.ts";

/** A seed of a program address, with names in camel case. */
export type Seed =
  | { readonly kind: "constant"; readonly value: Uint8Array }
  /** The bytes of the account with this name. */
  | { readonly kind: "account"; readonly name: string }
  /** A number, little-endian in the width of its type. */
  | { readonly kind: "argument"; readonly name: string; readonly bytes: 4 | 8 };

/** A seed whose value depends on the instruction. */
export type NamedSeed = Exclude<Seed, { kind: "constant" }>;

export type SeedsByAccount = ReadonlyMap<string, readonly Seed[]>;

/** The seeds of every account that the IDL has them of, by the account's name. */
export function seedsByAccount(idl: Idl): SeedsByAccount {
  const found = new Map<string, readonly Seed[]>();
  for (const instruction of idl.instructions)
    for (const { name, pda } of accountsOf(instruction))
      if (pda !== undefined)
        found.set(
          camelCase(name),
          pda.seeds.map((seed) => readSeed(idl, instruction, seed)),
        );
  return found;
}

/**
 * The seeds from which the client derives an account of an instruction; undefined where the caller
 * gives the account.
 *
 * The IDL states seeds only where an account is made; they hold for the account of that name in all
 * instructions. Two limits: a federation's address derives from its first authority, so only the
 * instruction that makes the federation derives it; and where an instruction lacks an account that
 * the seeds name, the caller gives the derived account instead, unless it is the federation that
 * lacks, which every caller has.
 */
export function derivation(
  seeds: SeedsByAccount,
  instruction: IdlInstruction,
  account: string,
): readonly Seed[] | undefined {
  const accounts = accountsOf(instruction);
  const isMade = accounts.some(({ name, pda }) => camelCase(name) === account && pda !== undefined);
  if (account === "federation" && !isMade) return undefined;
  const names = new Set(["federation", ...accounts.map(({ name }) => camelCase(name))]);
  const found = seeds.get(account);
  return found?.every((seed) => seed.kind !== "account" || names.has(seed.name))
    ? found
    : undefined;
}

function readSeed(idl: Idl, instruction: IdlInstruction, seed: IdlSeed): Seed {
  switch (seed.kind) {
    case "const":
      return { kind: "constant", value: Uint8Array.from(seed.value) };
    case "account":
      return { kind: "account", name: camelCase(seed.path) };
    case "arg": {
      const type = argumentType(idl, instruction, seed.path);
      if (type !== "u32" && type !== "u64")
        throw new Error(`The seed ${seed.path} of ${instruction.name} is not a u32 or a u64.`);
      const name = camelCase(seed.path.split(".").at(-1) ?? "");
      return { kind: "argument", name, bytes: type === "u32" ? 4 : 8 };
    }
  }
}

/** The type of an argument or of a field of one: `number`, `args.number`. */
function argumentType(idl: Idl, instruction: IdlInstruction, path: string): IdlType | undefined {
  const [first, ...rest] = path.split(".");
  let type = instruction.args.find(({ name }) => name === first)?.type;
  for (const name of rest) {
    if (typeof type !== "object" || !("defined" in type)) return undefined;
    const shape = shapeOf(definitionOf(idl, type.defined.name));
    if (shape.kind !== "struct") return undefined;
    type = shape.fields.find((field) => field.name === name)?.type;
  }
  return type;
}
