import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseReport, type Report } from "../report.ts";

const BOOT = resolve(import.meta.dirname, "../../../boot.js");

/** `npm start` in a process of its own. */
export interface Started {
  readonly child: ChildProcess;
  readonly output: string[];
  /** Resolves with the first line that matches; rejects with all output if none came. */
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
  const output: string[] = [];
  const waiting: {
    pattern: RegExp;
    resolve: (line: string) => void;
    reject: (error: Error) => void;
  }[] = [];
  const onLine = (line: string) => {
    output.push(line);
    for (const { pattern, resolve } of waiting) if (pattern.test(line)) resolve(line);
  };
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", onLine);
  const ended = once(child, "close").then(([code, signal]) => {
    for (const { pattern, reject } of waiting)
      reject(new Error(`No ${pattern} in:\n${output.join("\n")}`));
    return code ?? signal;
  });
  const line = (pattern: RegExp): Promise<string> => {
    const said = output.find((candidate) => pattern.test(candidate));
    if (said !== undefined) return Promise.resolve(said);
    return new Promise((resolve, reject) => waiting.push({ pattern, resolve, reject }));
  };
  return { child, output, line, ended };
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
