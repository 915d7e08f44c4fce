import { isTokenAmount } from "@plenary/chain";
import { ENCODINGS } from "@plenary/sdk";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Settings, VARIABLES } from "../config.ts";
import type { Session } from "../session.ts";

/** Turns work with a session, the command's arguments and its options into a command's action. */
export type Runs = <Rest extends unknown[]>(
  work: (session: Session, ...rest: Rest) => Promise<unknown>,
) => (...parameters: unknown[]) => Promise<void>;

const OPTIONS: Readonly<Record<keyof Settings, readonly [string, string]>> = {
  service: ["--service <url>", "aggregation service"],
  rpc: ["--rpc <url>", "Solana RPC node"],
  program: ["--program <address>", "address of your own deployment of the program"],
  federation: ["--federation <address>", "address of the federation, if the service has several"],
  keypair: ["--keypair <file>", "Solana keypair file"],
  updateKey: ["--update-key <file>", "keypair file that signs updates; the owner's by default"],
  owner: ["--owner <address>", "owner of the membership, if its keypair is not on this machine"],
  state: ["--state <folder>", "folder of what a member has signed, or of what a watch has seen"],
  data: ["--data <file>", "answers as CSV or JSONL"],
};

/** Gives a command the options that say how answers files are to be read. */
export function withReading(command: Command): Command {
  return command
    .option(
      "--ignore-column <name>",
      "do not use this column of the answers; may be repeated",
      (name: string, before: readonly string[]) => [...before, name],
      [],
    )
    .addOption(
      new Option("--encoding <name>", "encoding of the answers, where no mark says it")
        .choices(ENCODINGS)
        .default(undefined, "utf-8"),
    );
}

/**
 * Gives a command the options of these settings, and `--json`. A command that reads answers also
 * has those of `withReading`.
 */
export function withSettings(command: Command, names: readonly (keyof Settings)[]): Command {
  for (const name of names) {
    const [flags, text] = OPTIONS[name];
    command.option(flags, `${text} [${VARIABLES[name]}]`);
  }
  if (names.includes("data")) withReading(command);
  return command.option("--json", "one JSON object per line instead of text");
}

export const ALL = ["service", "rpc", "program", "federation", "keypair"] as const;

export function integer(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

export function amount(text: string): bigint {
  if (!/^[0-9]{1,20}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return BigInt(text);
}

/**
 * An option with a default number. The default is described, because help prints defaults as JSON,
 * which has no bigint.
 */
export function amountOption(flags: string, text: string, standard: bigint): Option {
  return new Option(flags, text).argParser(amount).default(standard, standard.toString());
}

/** An amount in tokens, which the command turns into base units once it knows the mint. */
export function tokens(text: string): string {
  if (!isTokenAmount(text))
    throw new InvalidArgumentError("Expected an amount in tokens, such as 12.5.");
  return text;
}

export function notNegative(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError("Expected a number, 0 or more.");
  return value;
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}
