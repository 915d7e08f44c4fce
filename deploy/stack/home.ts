import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type FolderLock, type LockNote, lockFolder } from "@plenary/localnet";
import writeFileAtomic from "write-file-atomic";
import { LocalStackError, systemCode } from "./errors.ts";

const MARKER = "plenary-home.json";
/** How long a start waits for one that is on its way out, for example after Ctrl-C. */
const STOPPING_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

/**
 * The folder that holds all state of a local stack (PLENARY_HOME): database, queue, chain, blobs,
 * keys, logs. One stack at a time uses it; its lock ends with its process, even by `kill -9`.
 */
export interface Home {
  readonly path: string;
  /** A path inside the home; its folder is created (0700). */
  file(...parts: readonly string[]): string;
  /** A folder inside the home, created (0700). */
  folder(...parts: readonly string[]): string;
  /** Makes the next start wait for this one to close instead of failing. */
  markStopping(): void;
  /** Releases the folder. */
  close(): void;
}

/**
 * Opens a home, creating it if it does not exist. Throws `home-in-use` if another stack runs in
 * it, `home-unwritable` if this user cannot write there, and `home-foreign` if the folder holds
 * files that are not Plenary's.
 */
export async function openHome(path: string): Promise<Home> {
  const root = resolve(path);
  prepareFolder(root);
  const lock = await lockHome(root);
  const folder = (...parts: readonly string[]): string => {
    const made = join(root, ...parts);
    mkdirSync(made, { recursive: true, mode: 0o700 });
    return made;
  };
  return {
    path: root,
    folder,
    file: (...parts) => join(folder(...parts.slice(0, -1)), ...parts.slice(-1)),
    markStopping: () => lock.note({ pid: process.pid, stopping: true }),
    close: lock.release,
  };
}

/**
 * Writes a file that its owner alone can read, so that a crash leaves the old content or the new.
 * After a power failure it may be the old one: the folder's entry is not flushed.
 */
export function replaceFile(path: string, content: string): void {
  writeFileAtomic.sync(path, content, { mode: 0o600 });
}

function prepareFolder(root: string): void {
  try {
    const created = mkdirSync(root, { recursive: true, mode: 0o700 });
    if (created !== undefined) chmodSync(root, 0o700);
    const marker = join(root, MARKER);
    if (!existsSync(marker)) {
      if (readdirSync(root).length > 0) {
        throw new LocalStackError(
          "home-foreign",
          `${root} holds files that are not Plenary's. Set PLENARY_HOME to an empty or a new folder.`,
          { home: root },
        );
      }
      replaceFile(marker, `${JSON.stringify({ version: 1 })}\n`);
    }
    const probe = join(root, `.probe-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    if (error instanceof LocalStackError) throw error;
    throw new LocalStackError(
      "home-unwritable",
      `Cannot write in ${root} (${systemCode(error)}), where Plenary keeps its state. Make it writable for this user, or set PLENARY_HOME to another folder.`,
      { home: root },
      { cause: error },
    );
  }
}

/** Takes the home, waiting for a stack that is on its way out. */
async function lockHome(root: string): Promise<FolderLock> {
  const deadline = Date.now() + STOPPING_TIMEOUT_MS;
  for (;;) {
    const lock = tryLock(root);
    if (!("holder" in lock)) return lock;
    const { holder } = lock;
    if (holder?.stopping !== true || Date.now() > deadline) throw inUse(root, holder);
    await sleep(POLL_MS);
  }
}

function tryLock(root: string): ReturnType<typeof lockFolder> {
  try {
    return lockFolder(root);
  } catch (cause) {
    throw new LocalStackError(
      "home-unwritable",
      `Cannot lock ${root} (${systemCode(cause)}). Set PLENARY_HOME to a folder of yours on a local disk.`,
      { home: root },
      { cause },
    );
  }
}

function inUse(root: string, holder: LockNote | null): LocalStackError {
  const who = holder === null ? "another process" : `process ${holder.pid}`;
  const doing = holder?.stopping === true ? "is still shutting down" : "runs";
  return new LocalStackError(
    "home-in-use",
    `${root} is in use: ${who} ${doing} there. Stop it (Ctrl-C in its terminal), or set PLENARY_HOME to another folder.`,
    { home: root, ...(holder !== null && { pid: holder.pid }) },
  );
}
