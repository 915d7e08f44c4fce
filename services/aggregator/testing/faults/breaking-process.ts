import { renameSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { TestProcess } from "../stack/processes.ts";
import { type Fault, type FaultPlan, formatFaultPlan, NO_FAULTS } from "./fault-plan.ts";

/**
 * A process that dies where its plan says so, and is started again each time, as a supervisor
 * would.
 */
export interface BreakingProcess {
  /** One plan for each life from this one on. After the last plan the process lives. */
  give(lives: readonly FaultPlan[]): void;
  /** Faults that have killed the process, over all its lives. */
  readonly deaths: readonly Fault[];
  /** Points that it has crossed. */
  readonly crossed: ReadonlySet<string>;
  /** What the present life has written. */
  output(): Promise<string>;
  /** SIGKILL. Resolves when the next life has started. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const MOST_STARTS = 20;

/**
 * `start` starts the process with a fault plan, of which it gets the path. Throws if the process
 * dies of anything but a fault.
 */
export async function startBreaking(
  plan: string,
  start: (plan: string) => Promise<TestProcess>,
): Promise<BreakingProcess> {
  const deaths: Fault[] = [];
  const crossed = new Set<string>();
  let lives: FaultPlan[] = [];
  let stopping = false;
  let expected = false;
  const write = (life: FaultPlan) => {
    writeFileSync(`${plan}.new`, formatFaultPlan(life));
    renameSync(`${plan}.new`, plan);
  };
  const read = (output: string) => {
    let died = false;
    for (const line of output.split("\n")) {
      if (!line.startsWith('{"crossed"') && !line.startsWith('{"fault"')) continue;
      const { crossed: point, fault }: { crossed?: string; fault?: Fault } = JSON.parse(line);
      if (point !== undefined) crossed.add(point);
      if (fault === undefined) continue;
      deaths.push(fault);
      died = true;
    }
    return died;
  };
  /** Starts the process, repeatedly if a fault lies in the start itself. */
  const begin = async (): Promise<TestProcess> => {
    for (let starts = 1; ; starts++)
      try {
        return await start(plan);
      } catch (error) {
        const isFault = error instanceof Error && read(error.message);
        if (!isFault || starts === MOST_STARTS) throw error;
        write(lives.shift() ?? NO_FAULTS);
      }
  };
  write(NO_FAULTS);
  let current = begin();
  const follow = async () => {
    for (;;) {
      const running = await current;
      const ended = await running.ended;
      const isFault = read(running.output()) || expected;
      expected = false;
      if (stopping) return;
      if (!isFault)
        throw new Error(`The process ended with ${ended}:\n${running.output().slice(-4_000)}`);
      write(lives.shift() ?? NO_FAULTS);
      current = begin();
    }
  };
  const following = follow();
  following.catch(() => {});
  await current;
  return {
    deaths,
    crossed,
    give(given) {
      lives = [...given];
      write(lives.shift() ?? NO_FAULTS);
    },
    output: async () => (await current).output(),
    async kill() {
      const before = current;
      expected = true;
      await (await before).kill();
      while (current === before) await Promise.race([following, setImmediate()]);
      await current;
    },
    async stop() {
      stopping = true;
      await (await current).stop();
      await following;
    },
  };
}
