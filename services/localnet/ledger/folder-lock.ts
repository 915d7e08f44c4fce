/**
 * Why not a file that names its holder, and why not `proper-lockfile`: both must remove the lock
 * of a holder that died, and a starter that was slow to remove it removes the fresh lock of
 * another. SQLite holds a lock of the operating system, which ends with the process, even by
 * SIGKILL: there is never a stale lock, and nothing to remove.
 */
import { accessSync, constants, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import writeFileAtomic from "write-file-atomic";

/** An empty database. It stays when the lock is released: removing it would let two hold it. */
const LOCK_FILE = "lock.db";
/** What the holder says of itself, for messages alone. */
const NOTE_FILE = "lock.json";
const SQLITE_BUSY = 5;

/** A folder that this process, and no other, holds. */
export interface FolderLock {
  /** Tells those who ask meanwhile something of the holder. */
  note(note: LockNote): void;
  release(): void;
}

/** What a holder says of itself. */
export interface LockNote {
  readonly pid: number;
  /** Whether it is about to release the folder. */
  readonly stopping: boolean;
}

/**
 * Takes a folder for this process. Returns what the holder says of itself if another has it
 * (null if it has said nothing yet). Throws the system's error if this user may not write there.
 */
export function lockFolder(folder: string): FolderLock | { readonly holder: LockNote | null } {
  const path = join(folder, LOCK_FILE);
  // SQLite would only say that it cannot open the file.
  accessSync(folder, constants.W_OK | constants.X_OK);
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
  const database = new DatabaseSync(path);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    return { holder: readNote(folder) };
  }
  const note = (own: LockNote) =>
    writeFileAtomic.sync(join(folder, NOTE_FILE), JSON.stringify(own), { mode: 0o600 });
  note({ pid: process.pid, stopping: false });
  const release = () => {
    rmSync(join(folder, NOTE_FILE), { force: true });
    database.close();
  };
  return { note, release };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

function readNote(folder: string): LockNote | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, NOTE_FILE), "utf8"));
    if (typeof value !== "object" || value === null || !("pid" in value)) return null;
    if (typeof value.pid !== "number") return null;
    return { pid: value.pid, stopping: "stopping" in value && value.stopping === true };
  } catch {
    return null;
  }
}
