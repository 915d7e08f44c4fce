/** A watch that is killed and started again sees every round once, finds the wrong one, and keeps what it knows. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { foundFederation, openGround, ROOT, runMembers } from "./local-federation.ts";

const ROUNDS = 3;
const CHEATED_PARAMETER = 19_921;

interface WatchLine {
  readonly event: string;
  readonly round?: string;
  readonly url?: string;
  readonly verification?: { readonly valid: boolean; readonly finding: { readonly text: string } | null };
}

test("a watch goes on after SIGKILL and names the wrong round", async (t) => {
  const worker = "services/aggregator/testing/cheating-worker.ts";
  const { ground, close } = await openGround([worker, String(ROUNDS), String(CHEATED_PARAMETER)]);
  t.after(close);
  const founded = await foundFederation(ground, { total: ROUNDS }, 600);
  const args = ["--service", ground.stack.serviceUrl, "--rpc", ground.stack.rpcUrl];
  args.push("--state", join(ground.folder, "watch"), "--from", "1", "--json");
  const first = startWatch(t, args);
  const running = runMembers(ground, founded);
  // In the middle of a verification: nothing of it may be lost or done twice.
  await first.until(({ event, round }) => event === "verifying" && round === "2");
  first.child.kill("SIGKILL");
  await running;

  const second = startWatch(t, [...args, "--metrics-port", "0"]);
  const { url = "" } = await second.until(({ event }) => event === "metrics");
  const last = await second.until(({ event, round }) => event === "round-verified" && round === "3");
  assert.equal(last.verification?.valid, false);
  assert.match(last.verification?.finding?.text ?? "", /^chunk 311 of the next model .* parameter 19921 is/);
  const [before, after] = [verdicts(first.lines), verdicts(second.lines)];
  // Only the round that was being verified may be looked at twice.
  assert.equal(
    after.some(([round]) => round === "1"),
    false,
  );
  assert.deepEqual(Object.fromEntries([...before, ...after]), { 1: true, 2: true, 3: false });
  const metrics = await (await fetch(url)).text();
  assert.match(metrics, new RegExp(`^plenary_watch_rounds_verified_total ${after.length}$`, "m"));
  assert.match(metrics, /^plenary_watch_rounds_wrong_total 1$/m);
  assert.match(metrics, /^plenary_watch_last_round 3$/m);
  second.child.kill("SIGTERM");
  await second.until(({ event }) => event === "stopped");
});

function verdicts(lines: readonly WatchLine[]): [string, boolean | undefined][] {
  return lines
    .filter(({ event }) => event === "round-verified")
    .map(({ round = "", verification }) => [round, verification?.valid]);
}

function startWatch(t: TestContext, args: readonly string[]) {
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
      child.once("exit", () => fail(new Error(`the watch has ended: ${errors}`)));
      look();
    });
  return { child, lines, until };
}
