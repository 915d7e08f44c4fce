import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { opened } from "../../testing/index.ts";
import { ROOT } from "./local-federation.ts";

/** A command that hangs is killed, so that what it has printed is seen. */
const MOST_MILLISECONDS = 240_000;

export interface Ran {
  readonly code: number | null;
  /** Everything that was printed. */
  readonly output: string;
  /** What `--json` printed to standard output; empty without it. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Runs the `plenary` command to completion, with none of this process's settings. `onStart` gets
 * the process.
 */
export async function plenary(
  args: readonly string[],
  onStart?: (child: ChildProcess) => void,
): Promise<Ran> {
  const { PATH = "", NODE_COMPILE_CACHE = "" } = process.env;
  const env = { PATH, ...(NODE_COMPILE_CACHE === "" ? {} : { NODE_COMPILE_CACHE }) };
  const child = spawn(process.execPath, [join(ROOT, "clients/cli/main.ts"), ...args], {
    env,
    timeout: MOST_MILLISECONDS,
    killSignal: "SIGKILL",
  });
  onStart?.(child);
  const ended = once(child, "close");
  ended.then(opened(() => child.kill("SIGKILL"))).catch(() => {});
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  const lines = args.includes("--json") ? output.trim().split("\n").filter(Boolean) : [];
  return { code, output: output + errors, lines: lines.map((line) => JSON.parse(line)) };
}
