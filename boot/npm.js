import { spawn } from "node:child_process";
import { basename } from "node:path";
import { BootError } from "./boot-error.js";
import { ROOT } from "./paths.js";

/** How much of npm's output a failure shows. */
const SHOWN_LINES = 20;

/**
 * npm as it was called, else the one on PATH. On Windows that is a script, which needs a shell.
 */
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

/**
 * Runs `npm ci`, and resolves when it has succeeded. Its output is shown only if it fails.
 * `onStart` is given its process number.
 */
export function runNpmCi(onStart) {
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
  if (child.pid) onStart(child.pid);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      if (output.length < 20_000) output += data;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(cannotRun(error)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(failure(output, signal ?? `code ${code}`));
    });
  });
}

function cannotRun(error) {
  const hint =
    error.code === "ENOENT"
      ? "npm is not on PATH. It comes with Node: install it with Node."
      : error.message;
  return new BootError(`Cannot install the packages. ${hint}`);
}

function failure(output, end) {
  const lines = output
    .trim()
    .split("\n")
    .filter((line) => line.trim() !== "npm error")
    .slice(0, SHOWN_LINES)
    .join("\n");
  return new BootError(`${lines}\n\nnpm ci ended with ${end}. ${adviceFor(output)}`);
}
