import { type AccountMeta, PublicKey, TransactionInstruction } from "@solana/web3.js";
import { deriveAddress, SEEDS, TOKEN_PROGRAM } from "./addresses.ts";
import { fieldsToAnchor } from "./codec.ts";
import { IDL } from "./generated/idl.ts";
import { accountsOf, camelCase, type IdlInstruction } from "./idl/schema.ts";
import { derivation } from "./idl/seeds.ts";
import { CODER } from "./program.ts";

/**
 * Builds one instruction of the program. The IDL says which accounts are writable or sign, which
 * have a fixed address, and from which seeds an address derives. The functions in
 * generated/instructions.ts call this with typed inputs.
 * @param name the instruction's name in the IDL
 * @param input accounts, arguments and missing seeds by name
 */
export function buildInstruction(
  program: PublicKey,
  name: string,
  input: object,
): TransactionInstruction {
  const instruction = IDL.instructions.find((candidate) => candidate.name === name);
  if (instruction === undefined) throw new Error(`The program has no instruction ${name}.`);
  const given = new Map<string, unknown>(Object.entries(input));
  const keys = accountsOf(instruction).map((account): AccountMeta => {
    const pubkey = addressOf(program, instruction, given, camelCase(account.name));
    if (pubkey !== undefined)
      return { pubkey, isSigner: account.signer ?? false, isWritable: account.writable ?? false };
    if (!account.optional)
      throw new TypeError(`${name} needs the account ${camelCase(account.name)}.`);
    // Anchor reads the program's own address as "left out".
    return { pubkey: program, isSigner: false, isWritable: false };
  });
  const data = CODER.instruction.encode(name, argumentsOf(instruction, input));
  return new TransactionInstruction({ programId: program, keys, data });
}

/** An argument that is called `args` is a list of arguments, which the input holds one by one. */
function argumentsOf({ name, args }: IdlInstruction, input: object): Record<string, unknown> {
  const isList = args.length === 1 && args[0]?.name === "args";
  return fieldsToAnchor(args, isList ? { args: input } : input, name);
}

function addressOf(
  program: PublicKey,
  instruction: IdlInstruction,
  given: ReadonlyMap<string, unknown>,
  name: string,
): PublicKey | undefined {
  const stated = given.get(name);
  if (stated instanceof PublicKey) return stated;
  const account = accountsOf(instruction).find((candidate) => camelCase(candidate.name) === name);
  if (account?.optional) return undefined;
  if (account?.address !== undefined) return new PublicKey(account.address);
  if (name === "tokenProgram") return TOKEN_PROGRAM;
  const seeds = derivation(SEEDS, instruction, name);
  if (seeds === undefined) return undefined;
  return deriveAddress(program, seeds, ({ kind, name: seed }) =>
    kind === "account" ? addressOf(program, instruction, given, seed) : given.get(seed),
  );
}
