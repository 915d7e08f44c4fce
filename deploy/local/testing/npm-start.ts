import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { linesOf, opened } from "../../../testing/index.ts";
import { parseReport, type Report } from "../report.ts";

const BOOT = resolve(import.meta.dirname, "../../../boot.js");

/** `npm start` in a process of its own. */
export interface Started {
  readonly child: ChildProcess;
  readonly output: readonly string[];
  /** Resolves with the first line that matches; rejects with the last output if none came. */
  line(pattern: RegExp): Promise<string>;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** Starts it in a home, with further variables in its environment. */
export function start(
  home: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Started {
  const env: Record<string, string | undefined> = {
    ...process.env,
    PLENARY_HOME: home,
    ...environment,
  };
  // What a terminal would not have set: it makes node's test runner see a test in the child.
  delete env.NODE_TEST_CONTEXT;
  const child = spawn(process.execPath, [BOOT, "start", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = linesOf(child);
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  const stop = opened(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  ended.then(stop).catch(() => {});
  const line = (pattern: RegExp) =>
    said.until(`a line with ${pattern}`, () => said.output.find((each) => pattern.test(each)));
  return { child, output: said.output, line, ended };
}

/** Its output, once it has ended with code 0. */
export async function finish(started: Started): Promise<string> {
  const code = await started.ended;
  const output = started.output.join("\n");
  assert.equal(code, 0, output);
  return output;
}

/** The report in a file. */
export function readReport(file: string): Report {
  return parseReport(JSON.parse(readFileSync(file, "utf8")));
}
