/*
 * A lock of the operating system, because it ends with its process, even by SIGKILL: there is
 * never a dead holder's lock to remove, and so no starter can remove the lock of another that was
 * faster. A lock file that is made and removed (also proper-lockfile's) can be held twice then.
 * node:sqlite would lock too, but Node 20 does not have it, and members run on Node 20.
 */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PlenaryError } from "@plenary/protocol";
import { fileError, systemCode } from "./files.ts";

/** Releases the folder. */
export type Unlock = () => Promise<void>;

/** The part of fs-native-extensions that is used here; it has no types of its own. */
interface FileLocks {
  /** Whether this descriptor has the bytes now; false if another descriptor has them. */
  tryLock(descriptor: number, offset: number, length: number): boolean;
}

/** The byte that is locked. Windows lets nobody read locked bytes, and the text is to be read. */
const LOCKED_BYTE = 2 ** 30;
/** Says in the file that the system's lock counts, and not this text. */
const BY_SYSTEM = "locked";
/** How often, and for how long each, a starter waits for a holder to say who it is. */
const ASKS = 100;
const ASK_PAUSE_MS = 10;

/**
 * Takes a folder for this process: two processes of one member could sign two envelopes with one
 * sequence. When the process ends, however it ends, the folder is free. Throws `conflict`, naming
 * the process that holds the folder, and `file-unreadable`.
 */
export async function lockFolder(folder: string): Promise<Unlock> {
  const path = join(folder, "lock");
  let holder = "";
  for (let ask = 0; ask < ASKS; ask += 1) {
    const taken = take(path);
    if (typeof taken === "number") return () => release(taken);
    holder = taken.holder;
    // A holder writes its name after it has the lock, and takes it away before it lets go.
    if (isRunning(holder)) break;
    await pause(ASK_PAUSE_MS);
  }
  throw inUse(folder, isRunning(holder) ? holder : "");
}

/** A descriptor that holds the lock, or what the file says of the holder. */
function take(path: string): number | { readonly holder: string } {
  const descriptor = open(path);
  try {
    if (isLocked(descriptor) && isStillAt(descriptor, path) && !isHeldByName(path)) {
      ftruncateSync(descriptor);
      writeSync(descriptor, `${process.pid} ${startOf(process.pid)} ${BY_SYSTEM}\n`);
      return descriptor;
    }
  } catch (cause) {
    closeSync(descriptor);
    throw fileError(path, "Cannot lock the state folder", cause);
  }
  closeSync(descriptor);
  return { holder: textOf(path) };
}

/** A number and no FileHandle: a handle that nobody refers to is closed, and the lock is gone. */
function open(path: string): number {
  try {
    return openSync(path, "a+", 0o600);
  } catch (cause) {
    throw fileError(path, "Cannot write into the state folder", cause);
  }
}

function isLocked(descriptor: number): boolean {
  // Loaded here: what locks no folder also runs where this library does not.
  const require = createRequire(import.meta.url);
  const { tryLock }: FileLocks = require("fs-native-extensions");
  return tryLock(descriptor, LOCKED_BYTE, 1);
}

/** Whether the file was not removed or replaced: then its lock would keep nobody out. */
function isStillAt(descriptor: number, path: string): boolean {
  const [mine, there] = [fstatSync(descriptor), statSync(path, { throwIfNoEntry: false })];
  return there !== undefined && mine.ino === there.ino && mine.dev === there.dev;
}

/** Whether a development snapshot holds the folder: it does so by this text alone. */
function isHeldByName(path: string): boolean {
  const text = textOf(path);
  const [, start = "", by] = text.split(" ");
  return by === undefined && start !== "" && isRunning(text);
}

/** The file stays: if it were removed, two could hold the lock, each on a file of its own. */
async function release(descriptor: number): Promise<void> {
  ftruncateSync(descriptor);
  closeSync(descriptor);
}

function inUse(folder: string, holder: string): PlenaryError {
  const [pid = ""] = holder.split(" ");
  const who = pid === "" ? "another process" : `process ${pid}`;
  return new PlenaryError(
    "conflict",
    `The state folder ${folder} is in use by ${who}. Stop it, or choose another folder.`,
    { folder, ...(pid !== "" && { process: Number(pid) }) },
  );
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

/** Whether the process that wrote this text runs. */
function isRunning(text: string): boolean {
  const [pid = "", start = ""] = text.split(" ");
  return pid !== "" && isAlive(Number(pid)) && startOf(Number(pid)) === start;
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // The process exists and belongs to somebody else.
    return systemCode(error) === "EPERM";
  }
}

/**
 * When a process began, if the system tells: a process id that is used again is another process.
 * Empty for a process that has ended and that its parent has not asked about.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : (fields[19] ?? "");
  } catch {
    return "";
  }
}
