import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { LocalStackError, systemCode } from "./errors.ts";
import {
  identityOf,
  isRunning,
  type ProcessIdentity,
  parseIdentity,
} from "./supervisor/process-identity.ts";

const MARKER = "plenary-home.json";
const LOCK = "lock.json";

/** How long to wait for a start that is on its way out, e.g. after Ctrl-C, before saying that the folder is in use. */
const STOPPING_PATIENCE_MS = 60_000;

/**
 * The folder that holds all state of a local stack (PLENARY_HOME): database, queue, chain, blobs, keys, logs. One stack at
 * a time uses it; the lock names its process, so that a lock left by `kill -9` is recognised and taken over.
 */
export interface Home {
  readonly path: string;
  /** A path inside the home; its folder is created (0700). */
  file(...parts: readonly string[]): string;
  /** A folder inside the home, created (0700). */
  folder(...parts: readonly string[]): string;
  /** Tells a following start to wait instead of refusing. */
  markStopping(): void;
  /** Gives the folder free. */
  close(): void;
}

interface Holder extends ProcessIdentity {
  readonly stopping: boolean;
}

/**
 * Opens, and if need be creates, a home. Throws `home-in-use` when another stack runs in it, `home-unwritable` when this
 * user cannot write there, `home-foreign` when the folder holds something that is not Plenary's.
 */
export async function openHome(path: string): Promise<Home> {
  const root = resolve(path);
  prepareFolder(root);
  await lock(root);
  const folder = (...parts: readonly string[]): string => {
    const made = join(root, ...parts);
    mkdirSync(made, { recursive: true, mode: 0o700 });
    return made;
  };
  return {
    path: root,
    folder,
    file: (...parts) => join(folder(...parts.slice(0, -1)), ...parts.slice(-1)),
    markStopping: () => replaceFile(join(root, LOCK), JSON.stringify(ownLock(true))),
    close: () => rmSync(join(root, LOCK), { force: true }),
  };
}

/** Writes a file so that a crash leaves either the old content or the new, readable by its owner alone. */
export function replaceFile(path: string, content: string): void {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, content, { mode: 0o600, flush: true });
  renameSync(draft, path);
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

async function lock(root: string): Promise<void> {
  const path = join(root, LOCK);
  const draft = `${path}.${process.pid}`;
  const deadline = Date.now() + STOPPING_PATIENCE_MS;
  rmSync(draft, { force: true });
  writeFileSync(draft, JSON.stringify(ownLock(false)), { mode: 0o600 });
  try {
    while (!tryLink(draft, path)) {
      const holder = readHolder(path);
      if (holder === null) continue;
      if (!isRunning(holder)) breakLock(path, holder);
      else if (holder.stopping && Date.now() < deadline)
        await new Promise((done) => setTimeout(done, 100));
      else throw inUse(root, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A hard link is made only if the name is free: of two starts at once, one gets it. */
function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw new LocalStackError(
      "home-unwritable",
      `The file system of ${path} cannot hold a lock (${systemCode(error)}). Set PLENARY_HOME to a folder on a local disk.`,
      {},
      { cause: error },
    );
  }
}

/** Removes a dead process's lock, and only that: another start may have broken it and locked in the meantime. */
function breakLock(path: string, dead: Holder): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  const taken = readHolder(aside);
  if (taken !== null && (taken.pid !== dead.pid || taken.started !== dead.started))
    tryLink(aside, path);
  rmSync(aside, { force: true });
}

/** Who holds the lock; null if it has just gone. A lock that cannot be read belongs to nobody alive. */
function readHolder(path: string): Holder | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const identity = parseIdentity(value) ?? { pid: 0, started: "" };
  const stopping =
    typeof value === "object" && value !== null && "stopping" in value && value.stopping === true;
  return { ...identity, stopping };
}

function ownLock(stopping: boolean): Holder {
  const identity = identityOf(process.pid);
  return { pid: process.pid, started: identity?.started ?? "unknown", stopping };
}

function inUse(root: string, holder: Holder): LocalStackError {
  const doing = holder.stopping ? "is still shutting down" : "runs";
  return new LocalStackError(
    "home-in-use",
    `${root} is in use: process ${holder.pid} ${doing} there. Stop it (Ctrl-C in its terminal), or set PLENARY_HOME to another folder.`,
    { home: root, pid: holder.pid },
  );
}
