import { readFileSync } from "node:fs";
import { systemCode } from "../errors.ts";
import { isRunning, type ProcessIdentity, parseIdentity } from "./process-identity.ts";

const POLL_MS = 50;

/** A process as an earlier supervisor recorded it. */
export interface RecordedProcess extends ProcessIdentity {
  readonly file: string;
  readonly name: string;
  readonly order: number;
  readonly stopSignal: NodeJS.Signals;
}

/** Reads a record; null if it is damaged. */
export function readProcessRecord(file: string): RecordedProcess | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    const identity = parseIdentity(value);
    if (identity === null || typeof value !== "object" || value === null) return null;
    const name = "name" in value && typeof value.name === "string" ? value.name : "a process";
    const order = "order" in value && typeof value.order === "number" ? value.order : 0;
    const stopSignal =
      "stopSignal" in value && value.stopSignal === "SIGINT" ? "SIGINT" : "SIGTERM";
    return { ...identity, file, name, order, stopSignal };
  } catch {
    return null;
  }
}

/** Asks a process to end, and kills it with its session if it does not within `timeoutMs`. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<void> {
  for (const each of [signal, "SIGKILL"] as const) {
    if (!isRunning(identity)) return;
    sendSignal(identity.pid, each);
    const deadline = Date.now() + timeoutMs;
    while (isRunning(identity) && Date.now() < deadline)
      await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    // PostgreSQL signals its own children: only the postmaster is asked to shut down.
    process.kill(signal === "SIGKILL" ? -pid : pid, signal);
  } catch (error) {
    if (systemCode(error) !== "ESRCH") throw error;
  }
}
