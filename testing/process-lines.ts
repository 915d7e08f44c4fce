import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { until } from "./until.ts";

/** Seconds for a process to say something, on a machine that is busy. */
const WAIT = { seconds: 240, pollMilliseconds: 20 };
const SHOWN_LINES = 40;

/** What a process writes, and waits for it that have a bound. */
export interface ProcessLines {
  /** All lines so far, of both streams. */
  readonly output: readonly string[];
  /**
   * Resolves with what `find` finds among the lines. Throws with `what` and the last lines when the
   * process has ended without it, or when it takes too long.
   */
  until<T>(what: string, find: () => T | undefined): Promise<T>;
}

/** Reads a process's streams, which are pipes. `onLine` gets each line of standard output. */
export function linesOf(child: ChildProcess, onLine: (line: string) => void = () => {}) {
  const output: string[] = [];
  let hasEnded = false;
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null)
      createInterface({ input: stream }).on("line", (line) => {
        output.push(line);
        if (stream === child.stdout) onLine(line);
      });
  // Not "exit", which may come before the last line.
  child.once("close", () => {
    hasEnded = true;
  });
  const shown = (what: string) => `${what}. It said:\n${output.slice(-SHOWN_LINES).join("\n")}`;
  const lines: ProcessLines = {
    output,
    async until(what, find) {
      const look = () => {
        const found = find();
        if (found !== undefined) return { found };
        if (hasEnded) throw new Error(shown(`The process has ended without ${what}`));
        return false;
      };
      return (await until(() => shown(what), look, WAIT)).found;
    },
  };
  return lines;
}
