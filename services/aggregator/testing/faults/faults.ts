import { readFileSync, statSync, writeSync } from "node:fs";
import { type Fault, NO_FAULTS, parseFaultPlan } from "./fault-plan.ts";

const STDERR = 2;
const DELAY_MILLISECONDS = 150;

/** What a process does at its fault points. */
export interface Faults {
  /** Continues, waits, throws or ends the process, as the plan says. */
  cross(point: string): Promise<void>;
  /** The error of the process's clock, in milliseconds. */
  clockOffset(): number;
}

/**
 * Follows the plan in a file, which may change while the process runs; counting then starts again.
 * The first crossing of each point, and each fault, is a line on standard error, written before
 * anything else happens.
 */
export function followFaultPlan(path: string): Faults {
  let version = "";
  let plan = NO_FAULTS;
  let counts = new Map<string, number>();
  const seen = new Set<string>();
  const refresh = () => {
    // A new file under the old name has another inode, however soon it appears.
    const { ino, mtimeMs } = statSync(path);
    const found = `${ino} ${mtimeMs}`;
    if (found === version) return;
    [version, plan, counts] = [found, parseFaultPlan(readFileSync(path, "utf8")), new Map()];
  };
  refresh();
  return {
    async cross(point) {
      refresh();
      const count = (counts.get(point) ?? 0) + 1;
      counts.set(point, count);
      if (!seen.has(point)) report({ crossed: point });
      seen.add(point);
      for (const fault of plan.faults)
        if (fault.point === point && (fault.occurrence === "every" || fault.occurrence === count))
          await happen(fault);
    },
    clockOffset() {
      refresh();
      return plan.clockOffset;
    },
  };
}

async function happen(fault: Fault): Promise<void> {
  switch (fault.action) {
    case "kill":
      report({ fault });
      process.kill(process.pid, "SIGKILL");
      // The signal is on its way; nothing more may happen.
      return new Promise<never>(() => {});
    case "disk-full":
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    case "delay":
      return new Promise((resolve) => setTimeout(resolve, DELAY_MILLISECONDS));
  }
}

function report(line: object): void {
  writeSync(STDERR, `${JSON.stringify(line)}\n`);
}
