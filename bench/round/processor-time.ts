import { readdirSync, readFileSync } from "node:fs";

/** The kernel counts processor time in hundredths of a second, whatever its own clock (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** Parts of both sides, by what their command lines contain. */
const PARTS = {
  "Flower server": "round_server.py",
  "Flower clients": "round_client.py",
  members: "bench/round/member.ts",
  server: "services/aggregator/processes/server.ts",
  worker: "services/aggregator/processes/worker.ts",
  chain: "services/localnet/main.ts",
  PostgreSQL: "postgres",
  Redis: "redis-server",
} as const;
export type Part = keyof typeof PARTS;

interface ProcessTime {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  readonly seconds: number;
}

/**
 * Processor seconds that this process's descendants have used so far, by part; nothing where there
 * is no /proc.
 */
export function processorSeconds(): Partial<Record<Part, number>> {
  const processes = listProcesses();
  const ours = new Set([process.pid]);
  for (let before = 0; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of processes) if (ours.has(parent)) ours.add(pid);
  }
  const sums: Partial<Record<Part, number>> = {};
  for (const { pid, command, seconds } of processes) {
    if (!ours.has(pid)) continue;
    for (const part of Object.keys(PARTS) as Part[])
      if (command.includes(PARTS[part])) sums[part] = (sums[part] ?? 0) + seconds;
  }
  return sums;
}

function listProcesses(): ProcessTime[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readProcess(Number(name)) ?? []);
  } catch {
    return [];
  }
}

function readProcess(pid: number): ProcessTime | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    // The second field, the name in brackets, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const [user, system] = [Number(fields[11]), Number(fields[12])];
    return { pid, parent: Number(fields[1]), command, seconds: (user + system) / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}
