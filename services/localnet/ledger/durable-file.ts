/**
 * `write-file-atomic` flushes the file, but not the folder's entry, so that a power failure may
 * bring the old file back. A snapshot that is gone while its journal is not would lose
 * transactions that clients were told are confirmed: the folder is flushed as well.
 */
import { closeSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";

/** Names of the drafts that a process that was killed left behind: `NAME.NUMBER`. */
export const DRAFT = /\.[0-9]+$/;

/**
 * Writes a file, readable by its owner alone, that is there whole or not at all after a crash.
 */
export function writeDurably(path: string, bytes: Uint8Array): void {
  writeFileAtomic.sync(path, Buffer.from(bytes), { mode: 0o600 });
  syncFolder(dirname(path));
}

/** Makes the names of a folder's new files as durable as their contents. */
export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
