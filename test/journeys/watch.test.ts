/** A watch that is killed and started again sees every round, finds the wrong one, and brings its dispute to the end. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { readRound, roundAddress, tokenAccountAddress } from "@plenary/chain";
import { connectTo, createKeypair, readKeypair, tokenBalance } from "@plenary/sdk";
import { foundFederation, openGround, ROOT, runMembers, STAKE } from "./local-federation.ts";

const ROUNDS = 3;
const CHEATED_PARAMETER = 19_921;

interface WatchLine {
  readonly event: string;
  readonly round?: string;
  readonly url?: string;
  readonly outcome?: string;
  readonly transaction?: string | null;
  readonly verification?: { readonly valid: boolean; readonly finding: { readonly text: string } | null };
}

test("a watch goes on after SIGKILL, names the wrong round and wins the dispute", async (t) => {
  const worker = "services/aggregator/testing/cheating-worker.ts";
  const { ground, close } = await openGround([worker, `${ROUNDS}:integer:${CHEATED_PARAMETER}`]);
  t.after(close);
  const founded = await foundFederation(ground, { total: ROUNDS }, 600);
  const keypair = join(ground.folder, "stranger.json");
  await createKeypair(keypair);
  const stranger = (await readKeypair(keypair)).publicKey;
  await founded.equip(stranger);
  const { serviceUrl, rpcUrl } = ground.stack;
  const args = ["--service", serviceUrl, "--rpc", rpcUrl, "--state", join(ground.folder, "watch")];
  args.push("--from", "1", "--dispute", "--keypair", keypair, "--json");

  const first = startWatch(t, args);
  const running = runMembers(ground, founded);
  await first.until(({ event, round }) => event === "verifying" && round === "2");
  first.child.kill("SIGKILL");
  await running;
  const second = startWatch(t, args);
  await second.until(({ event }) => event === "dispute-step");
  second.child.kill("SIGKILL");
  const third = startWatch(t, [...args, "--metrics-port", "0"]);
  const { url = "" } = await third.until(({ event }) => event === "metrics");
  const ended = await third.until(({ event }) => event === "dispute-ended");
  assert.equal(ended.outcome, "won");

  const lines = [...first.lines, ...second.lines, ...third.lines];
  assert.deepEqual(Object.fromEntries(verdicts(lines)), { 1: true, 2: true, 3: false });
  const wrong = lines.find(({ verification }) => verification?.valid === false);
  assert.match(
    wrong?.verification?.finding?.text ?? "",
    /^chunk 311 of the next model .* parameter 19921 is/,
  );
  assert.equal(lines.filter(({ event, transaction }) => event === "dispute-opened" && transaction).length, 1);
  const metrics = await (await fetch(url)).text();
  assert.match(metrics, /^plenary_watch_last_round 3$/m);
  assert.match(metrics, /^plenary_watch_disputes_total\{outcome="won"\} 1$/m);
  third.child.kill("SIGTERM");
  await third.until(({ event }) => event === "stopped");

  const connection = connectTo(rpcUrl);
  const round = await readRound(
    connection,
    roundAddress(ground.stack.program, founded.address, BigInt(ROUNDS)),
  );
  assert.equal(round?.status, "void");
  // The deposit is back, and half of the bond beside it.
  const tokens = tokenAccountAddress(founded.rewardMint, stranger);
  assert.equal(await tokenBalance(connection, tokens), STAKE + STAKE / 2n);
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
