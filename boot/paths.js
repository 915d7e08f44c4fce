import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BootError } from "./boot-error.js";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const MODULES = join(ROOT, "node_modules");

/** A file's text, or null if it does not exist. */
export function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw new BootError(`Cannot read ${path} (${error.code}): give this user access to the clone.`);
  }
}

/** A file's JSON, or null if it does not exist or holds something else. */
export function readJson(path) {
  const text = readIfThere(path);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
