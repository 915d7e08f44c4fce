import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Identifies one process for good: numbers are reused, so the time of its start is part of it.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

/** The identity of a running process, or null if none has that number. A zombie does not run. */
export function identityOf(pid: number): ProcessIdentity | null {
  const started = process.platform === "linux" ? startOnLinux(pid) : startElsewhere(pid);
  return started === null ? null : { pid, started };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.started === identity.started;
}

/** Reads `{pid, started}` from parsed JSON, null if it holds something else. */
export function parseIdentity(value: unknown): ProcessIdentity | null {
  if (typeof value !== "object" || value === null || !("pid" in value) || !("started" in value))
    return null;
  const { pid, started } = value;
  if (typeof pid !== "number" || !Number.isInteger(pid) || pid < 1 || typeof started !== "string")
    return null;
  return { pid, started };
}

function startOnLinux(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command, in parentheses, may itself hold spaces and parentheses: fields follow its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    const ticksSinceBoot = fields[19];
    if (state === "Z" || state === "X" || ticksSinceBoot === undefined) return null;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${ticksSinceBoot}`;
  } catch {
    return null;
  }
}

function startElsewhere(pid: number): string | null {
  if (process.platform === "win32") {
    try {
      process.kill(pid, 0);
      return "unknown";
    } catch {
      return null;
    }
  }
  const { stdout, status } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
  });
  const started = stdout?.trim();
  return status === 0 && started ? started : null;
}
