import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileError, systemCode } from "../files/files.ts";

/**
 * Replaces a file as one step that survives a crash or power cut: afterwards it holds either the old bytes or the new ones, and once this
 * resolves, the new ones. Throws `file-unreadable`.
 */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = path + TEMPORARY;
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    // On a full disk it would take what little there is.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, "Cannot write the state", cause);
  }
}

const TEMPORARY = ".writing";

/** Whether a file's name is that of one that was being written when its process was killed. */
export function isTemporary(name: string): boolean {
  return name.endsWith(TEMPORARY);
}

/** Makes a folder that only this user may enter; the folder's own entry is durable too. */
export async function makeFolder(path: string): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncFolder(dirname(made));
  } catch (cause) {
    throw fileError(path, "Cannot create the folder of the state", cause);
  }
}

/** The file's bytes, or null if there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return null;
    throw fileError(path, "Cannot read the state", cause);
  }
}

/** A rename is durable only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
