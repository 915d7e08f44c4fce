import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalnetError, systemErrorCode } from "../errors.ts";

const LOCK_FILE = "lock";

/** Who holds a ledger. `started` tells a process from a later one that was given the same id; `null` where the system does not say. */
interface Holder {
  readonly pid: number;
  readonly started: string | null;
}

/**
 * Takes the ledger folder for this process, or throws `ledger-in-use`. A lock whose process is gone (kill -9) is taken over.
 * Returns the release.
 */
export function lockLedger(folder: string): () => void {
  const path = join(folder, LOCK_FILE);
  const own = JSON.stringify({ pid: process.pid, started: startOf(process.pid) } satisfies Holder);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, own);
  try {
    // A link fails where the name is taken, so of several starting processes exactly one gets the lock.
    while (!tryLink(draft, path)) {
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder))
        throw new LocalnetError(
          "ledger-in-use",
          `Another localnet (process ${holder.pid}) uses the ledger folder ${folder}: stop it, or set PLENARY_LOCALNET_LEDGER to another folder.`,
          { folder, pid: holder.pid },
        );
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (readText(path) === own) rmSync(path, { force: true });
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readText(path) ?? "null");
    if (typeof value !== "object" || value === null || !("pid" in value) || !("started" in value))
      return undefined;
    const { pid, started } = value;
    if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
    return { pid, started: typeof started === "string" ? started : null };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemErrorCode(error) !== "EPERM") return false;
  }
  const now = startOf(pid);
  return started === null || now === null || now === started;
}

/** When a process started, in the system's own units (field 22 of Linux's /proc/pid/stat). */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
