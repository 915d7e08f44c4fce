import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import bs58 from "bs58";
import type { GenesisProgram } from "./bank/programs.ts";
import { LocalnetError } from "./errors.ts";

/** The node's settings. */
export interface Settings {
  /** Port of JSON-RPC; web3.js looks for WebSocket on the next one. 0: any free pair. */
  readonly port: number;
  readonly host: string;
  /** Folder of the chain's state. */
  readonly ledger: string;
  readonly programs: readonly GenesisProgram[];
  /** Bytes of past transactions that are kept, in memory and on disk. */
  readonly historyBytes: number;
  /** Bytes of journal after which a snapshot is taken. */
  readonly segmentBytes: number;
}

const MEBIBYTE = 1024 * 1024;
const PROGRAM_FOLDER = resolve(import.meta.dirname, "../../programs");

/**
 * Reads the settings from the environment variables PLENARY_LOCALNET_*, which .env.example
 * documents. Throws `configuration-invalid`, naming the variable that is wrong.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const historyBytes =
    integer(environment, "PLENARY_LOCALNET_HISTORY_MIB", 128, 1, 65_536) * MEBIBYTE;
  return {
    port: integer(environment, "PLENARY_LOCALNET_PORT", 8899, 0, 65_534),
    host: text(environment, "PLENARY_LOCALNET_HOST") ?? "127.0.0.1",
    ledger: resolve(text(environment, "PLENARY_LOCALNET_LEDGER") ?? ".plenary/localnet"),
    programs: programs(text(environment, "PLENARY_LOCALNET_PROGRAMS")),
    historyBytes,
    segmentBytes: Math.max(MEBIBYTE, Math.floor(historyBytes / 8)),
  };
}

function text(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  const value = environment[name]?.trim();
  return value === "" ? undefined : value;
}

function integer(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
  standard: number,
  lowest: number,
  highest: number,
): number {
  const value = text(environment, name);
  if (value === undefined) return standard;
  const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= lowest && number <= highest) return number;
  throw invalid(name, value, `must be an integer from ${lowest} to ${highest}`);
}

function programs(list: string | undefined): GenesisProgram[] {
  if (list === undefined) return builtProgram();
  return list.split(",").map((item) => {
    const [address = "", path = ""] = item.trim().split(/=(.*)/s);
    const bytes = bs58.decodeUnsafe(address);
    if (bytes?.length !== 32 || path === "")
      throw invalid(
        "PLENARY_LOCALNET_PROGRAMS",
        item,
        "must be a list of `address=path` separated by commas",
      );
    return { address, path: resolve(path) };
  });
}

/** The Plenary program of this repository at the address in its IDL; none if it was not built. */
function builtProgram(): GenesisProgram[] {
  const path = join(PROGRAM_FOLDER, "plenary.so");
  const description = join(PROGRAM_FOLDER, "plenary.json");
  if (!existsSync(path) || !existsSync(description)) return [];
  const idl: unknown = JSON.parse(readFileSync(description, "utf8"));
  if (
    typeof idl !== "object" ||
    idl === null ||
    !("address" in idl) ||
    typeof idl.address !== "string"
  )
    throw invalid(
      "PLENARY_LOCALNET_PROGRAMS",
      description,
      "is unset and the program's description has no address",
    );
  return [{ address: idl.address, path }];
}

function invalid(name: string, value: string, problem: string): LocalnetError {
  return new LocalnetError("configuration-invalid", `${name} ${problem}, not "${value}".`, {
    name,
    value,
  });
}
