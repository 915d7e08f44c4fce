import { createHash, randomUUID } from "node:crypto";
import { hostname } from "node:os";

/** Tells apart the machines that share a folder. */
const MACHINE = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const FORM = /^([0-9a-f]{8})-([0-9]{1,10})-[0-9a-f-]{36}$/;

/** Names of the files that this process is writing. */
export const writing = new Set<string>();

/** A new name that says which process writes the file. */
export function temporaryName(): string {
  return `${MACHINE}-${process.pid}-${randomUUID()}`;
}

/**
 * Whether the process that wrote a file is certainly gone: it ran on this machine and no longer
 * runs.
 */
export function isOrphan(name: string): boolean {
  const [, machine, pid] = FORM.exec(name) ?? [];
  if (machine !== MACHINE || writing.has(name)) return false;
  // In a container every process may get the same number as the process before it.
  return Number(pid) === process.pid || !isRunning(Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
