import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BootError } from "./boot-error.js";
import { ROOT } from "./paths.js";

const SKIPPED_FOLDERS = new Set(["node_modules", "target", "dist", "programs/plenary/target"]);

function* filesBelow(folder, suffix) {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    if (entry.name.startsWith(".") || SKIPPED_FOLDERS.has(entry.name)) continue;
    const path = folder ? `${folder}/${entry.name}` : entry.name;
    if (entry.isDirectory()) yield* filesBelow(path, suffix);
    else if (entry.name.endsWith(suffix)) yield path;
  }
}

/** Each test has a limit, which it may raise for itself; test/file-limit.ts bounds each file. */
const TEST_OPTIONS = [
  "--import=./test/file-limit.ts",
  "--test",
  "--test-reporter=spec",
  "--test-concurrency=2",
  `--test-timeout=${(process.env.PLENARY_NIGHTLY === "1" ? 240 : 5) * 60_000}`,
];

/** Where most files start whole stacks, and take longest. */
const LONG_TESTS = /^(deploy\/local|services\/aggregator\/(routes|test)|test\/journeys)\//;

/**
 * The paths in an order in which no long file runs alone at the end, while a core is idle. Node
 * sorts the files that it is given: those with an absolute path come before the others.
 */
function longFirst(files) {
  return files.map((file) => (LONG_TESTS.test(file) ? join(ROOT, file) : file));
}

/**
 * `npm test -- [--node-options] [part of a path...]` runs every *.test.ts, or those whose path
 * contains one of the parts.
 */
function testArguments(args) {
  const options = args.filter((a) => a.startsWith("-"));
  const parts = args.filter((a) => !a.startsWith("-")).map((a) => a.replace(/^\.\//, ""));
  const all = [...filesBelow("", ".test.ts")].sort();
  const files =
    parts.length === 0 ? all : all.filter((file) => parts.some((part) => file.includes(part)));
  if (files.length === 0)
    throw new BootError(`No test file has ${parts.join(" or ")} in its path.`);
  return [...TEST_OPTIONS, ...options, ...longFirst(files)];
}

/** `npm run bench -- NAME [arguments]` runs bench/NAME.ts. */
function benchArguments([name, ...rest]) {
  const names = readdirSync(join(ROOT, "bench"))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -3));
  if (!name || !names.includes(name)) {
    throw new BootError(
      `Say which benchmark: npm run bench -- NAME, where NAME is one of ${names.join(", ")}.`,
    );
  }
  return [`bench/${name}.ts`, ...rest];
}

/** Biome colours its output even where nobody sees colours. */
const lintColors = () => (process.stdout.isTTY ? [] : ["--colors=off"]);

/** The arguments of Node for each task. */
export const TASKS = {
  start: (args) => ["deploy/local/start.ts", ...args],
  test: testArguments,
  bench: benchArguments,
  lint: (args) => [
    "node_modules/@biomejs/biome/bin/biome",
    "ci",
    ...lintColors(),
    ...(args.length ? args : ["."]),
  ],
  /** For docs/verify.md: a federation with a wrong round, to find it out. */
  "cheating-federation": (args) => ["test/journeys/cheating-federation.ts", ...args],
  /**
   * Writes the committed WebAssembly and the client of the program; `-- --check` only compares.
   */
  build: (args) => [
    "--import=./clients/chain/build.ts",
    "clients/algorithms/kernels/build.ts",
    ...args,
  ],
  /**
   * Builds the tarballs that members install; `-- --release` does all of a release but publish.
   */
  package: (args) => ["deploy/packages/main.ts", ...args],
  /** Lists the habits of language that test/language.test.ts refuses, below the given paths. */
  language: (args) => ["test/language/main.ts", ...args],
  typecheck: (args) => ["node_modules/typescript/bin/tsc", "--noEmit", "-p", ".", ...args],
};
