/** The packages that members install, in the order in which they depend on each other. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");
/** Staged packages, one folder each, and their tarballs; git ignores both. */
export const OUTPUT = join(ROOT, "dist");

export interface ClientPackage {
  /** The folder below clients/. */
  readonly folder: string;
  readonly description: string;
  /** Files that nothing imports but that run: they are compiled with all that they import. */
  readonly entries: readonly string[];
  /** Folders that are read at run time and are copied as they are. */
  readonly data: readonly string[];
}

export const PACKAGES: readonly ClientPackage[] = [
  {
    folder: "protocol",
    description: "Plenary's bytes and messages: fixed point, trees, envelopes, endpoints",
    entries: ["index.ts"],
    data: [],
  },
  {
    folder: "algorithms",
    description: "Plenary's federated arithmetic: one round, computed and verified in integers",
    entries: ["index.ts"],
    data: [],
  },
  {
    folder: "chain",
    description: "Addresses, transactions and accounts of Plenary's Solana program",
    entries: ["index.ts"],
    data: [],
  },
  {
    folder: "training",
    description: "Plenary's preference predictors, their training and evaluation",
    entries: ["index.ts", "training-thread.ts"],
    data: [],
  },
  {
    folder: "service",
    description: "A typed HTTP client of a Plenary service, for browsers and Node",
    entries: ["index.ts"],
    data: [],
  },
  {
    folder: "sdk",
    description: "What an organisation imports to take part in a Plenary federation",
    entries: ["index.ts"],
    data: ["answers/data"],
  },
  {
    folder: "cli",
    description: "The plenary command: join, train, claim, verify, watch",
    entries: ["main.ts"],
    data: [],
  },
];

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports?: object;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, "clients", folder, "package.json"), "utf8"));
}
