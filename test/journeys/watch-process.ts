import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { ROOT } from "./local-federation.ts";

/** A line that `plenary watch --json` writes. */
export interface WatchLine {
  readonly event: string;
  readonly round?: string;
  readonly url?: string;
  readonly step?: string;
  readonly outcome?: string;
  readonly transaction?: string | null;
  readonly verification?: {
    readonly valid: boolean;
    readonly finding: { readonly text: string } | null;
  };
}

/** A `plenary watch` for one test. */
export function startWatch(t: TestContext, args: readonly string[]) {
  const child = spawn(process.execPath, [join(ROOT, "clients/cli/main.ts"), "watch", ...args]);
  t.after(() => child.kill("SIGKILL"));
  const lines: WatchLine[] = [];
  const waiting = new Set<() => void>();
  let errors = "";
  child.stderr.on("data", (piece) => {
    errors += piece;
  });
  createInterface(child.stdout).on("line", (line) => {
    lines.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  const until = (wanted: (line: WatchLine) => boolean): Promise<WatchLine> =>
    new Promise((done, fail) => {
      const look = () => {
        const found = lines.find(wanted);
        if (found === undefined) return;
        waiting.delete(look);
        done(found);
      };
      waiting.add(look);
      // Not "exit", which may come before its last line.
      child.once("close", () => fail(new Error(`the watch has ended: ${errors}`)));
      look();
    });
  return { child, lines, until };
}
