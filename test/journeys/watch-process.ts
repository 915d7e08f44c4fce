import { spawn } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { linesOf } from "../../testing/index.ts";
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
  const said = linesOf(child, (line) => void lines.push(JSON.parse(line)));
  const until = (wanted: (line: WatchLine) => boolean): Promise<WatchLine> =>
    said.until(`a line of the watch with ${wanted}`, () => lines.find(wanted));
  return { child, lines, until };
}
