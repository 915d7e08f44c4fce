/*
 * By hand, although write-file-atomic does nearly the same: it ignores how many bytes its one write
 * wrote, so if the disk fills up during the write, a truncated file replaces the old one, and it
 * does not make the rename durable.
 */
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileError, systemCode } from "./files.ts";

/**
 * Replaces a file in one step that survives a crash or a power cut: the file holds either the old
 * bytes or the new ones, and once this resolves, the new ones. A failed write leaves nothing
 * behind. `mode` is for new files; only this user may read them by default. Throws
 * `file-unreadable`.
 */
export async function writeDurably(
  path: string,
  bytes: Uint8Array | string,
  mode = 0o600,
): Promise<void> {
  const temporary = path + TEMPORARY;
  try {
    const file = await open(temporary, "w", mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    // On a full disk it would take what little space is left.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, "Cannot write", cause);
  }
}

/**
 * Writes a file that only this user may read, durably, and never over another one. A failed write
 * leaves nothing behind. Throws `file-unreadable`, also if the file exists.
 */
export async function createPrivately(path: string, bytes: Uint8Array | string): Promise<void> {
  const file = await open(path, "wx", 0o600).catch((cause: unknown) => {
    throw fileError(path, "Cannot create", cause);
  });
  try {
    await file.writeFile(bytes);
    await file.sync();
  } catch (cause) {
    await rm(path, { force: true }).catch(() => undefined);
    throw fileError(path, "Cannot write", cause);
  } finally {
    await file.close();
  }
}

const TEMPORARY = ".writing";

/** Whether a file is the remainder of a write whose process was killed. */
export function isTemporary(name: string): boolean {
  return name.endsWith(TEMPORARY);
}

/** Makes a folder that only this user may enter. The folder's own entry is durable too. */
export async function makeFolder(path: string): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncFolder(dirname(made));
  } catch (cause) {
    throw fileError(path, "Cannot create the folder", cause);
  }
}

/** The file's bytes, or null if there is no such file. */
export async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return null;
    throw fileError(path, "Cannot read", cause);
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
