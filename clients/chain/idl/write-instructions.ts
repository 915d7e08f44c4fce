import type { Idl } from "@coral-xyz/anchor";
import { docComment } from "./doc-comment.ts";
import {
  accountsOf,
  camelCase,
  definitionOf,
  type IdlAccount,
  type IdlField,
  type IdlInstruction,
  shapeOf,
} from "./schema.ts";
import {
  derivation,
  type NamedSeed,
  type Seed,
  type SeedsByAccount,
  seedsByAccount,
} from "./seeds.ts";
import { fieldText, typeText } from "./write-structures.ts";

/** A field of an instruction's input. */
interface InputField {
  readonly name: string;
  readonly text: string;
}

/** TypeScript of one function an instruction, with the interface of its input. */
export function instructionsText(idl: Idl): string {
  const seeds = seedsByAccount(idl);
  const used = new Set<string>();
  const parts = idl.instructions.map((instruction) => {
    const fields = inputFields(idl, seeds, instruction);
    for (const { text } of fields)
      for (const { name } of idl.types ?? [])
        if (new RegExp(`\\b${name}\\b`).test(text)) used.add(name);
    return instructionText(instruction, fields);
  });
  return [
    'import type { PublicKey, TransactionInstruction } from "@solana/web3.js";',
    'import { buildInstruction } from "../build-instruction.ts";',
    `import type { ${[...used].sort().join(", ")} } from "./structures.ts";`,
    "",
    parts.join("\n\n"),
  ].join("\n");
}

function instructionText({ name, docs }: IdlInstruction, fields: readonly InputField[]): string {
  const called = camelCase(name);
  const input = `${called.slice(0, 1).toUpperCase()}${called.slice(1)}Input`;
  return [
    `/** Accounts and arguments of \`${called}\`. */`,
    `export interface ${input} {`,
    ...fields.map(({ text }) => text),
    "}",
    "",
    `${docComment(docs, "")}export function ${called}(`,
    "  program: PublicKey,",
    `  input: ${input},`,
    "): TransactionInstruction[] {",
    `  return [buildInstruction(program, "${name}", input)];`,
    "}",
  ].join("\n");
}

/** What a caller states: accounts that are neither fixed nor derived, seeds, and arguments. */
function inputFields(idl: Idl, seeds: SeedsByAccount, instruction: IdlInstruction): InputField[] {
  const given = new Map<string, string>();
  const derived: Seed[] = [];
  for (const account of accountsOf(instruction)) {
    const from = derivation(seeds, instruction, camelCase(account.name));
    if (from !== undefined) derived.push(...from);
    else if (account.optional || account.address === undefined)
      given.set(camelCase(account.name), accountText(account));
  }
  const names = new Set(accountsOf(instruction).map(({ name }) => camelCase(name)));
  for (const { name, docs, type } of argumentFields(idl, instruction))
    given.set(camelCase(name), fieldText({ name, type, ...(docs && { docs }) }));
  for (const seed of derived)
    if (seed.kind !== "constant" && !given.has(seed.name) && !names.has(seed.name))
      given.set(seed.name, seedText(seed));
  return [...given].map(([name, text]) => ({ name, text }));
}

/** An argument that is called `args` is a list of arguments: its fields stand for it. */
export function argumentFields(idl: Idl, instruction: IdlInstruction): readonly IdlField[] {
  return instruction.args.flatMap((argument) => {
    const { name, type } = argument;
    if (name !== "args" || typeof type !== "object" || !("defined" in type)) return [argument];
    const shape = shapeOf(definitionOf(idl, type.defined.name));
    return shape.kind === "struct" ? shape.fields : [argument];
  });
}

function accountText({ name, docs, optional }: IdlAccount): string {
  const comment = docComment(name === "token_program" ? TOKEN_PROGRAM_DOCS : docs, "  ");
  const type = optional || name === "token_program" ? "?: PublicKey | undefined" : ": PublicKey";
  return `${comment}  readonly ${camelCase(name)}${type};`;
}

const TOKEN_PROGRAM_DOCS = ["The program that owns the reward mint; SPL Token by default."];

function seedText(seed: NamedSeed): string {
  if (seed.kind === "account") return `  readonly ${seed.name}: PublicKey;`;
  return `  readonly ${seed.name}: ${typeText(seed.bytes === 4 ? "u32" : "u64")};`;
}
