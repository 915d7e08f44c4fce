/**
 * A watch that is killed and started again sees every round, finds the wrong one, and brings its
 * dispute to an end.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readRound, roundAddress, tokenAccountAddress } from "@plenary/chain";
import { connectTo, createKeypair, readKeypair, tokenBalance } from "@plenary/sdk";
import { foundFederation, openGround, runMembers, STAKE } from "./local-federation.ts";
import { startWatch, type WatchLine } from "./watch-process.ts";

const ROUNDS = 3;
const CHEATED_PARAMETER = 19_921;

test("a watch continues after SIGKILL, names the wrong round and wins the dispute", async (t) => {
  const worker = "services/aggregator/testing/actors/cheating-worker.ts";
  const { ground, close } = await openGround({
    worker: [worker, `${ROUNDS}:integer:${CHEATED_PARAMETER}`],
  });
  t.after(close);
  const founded = await foundFederation(ground, { total: ROUNDS }, 600);
  const keypair = join(ground.folder, "stranger.json");
  await createKeypair(keypair);
  const stranger = (await readKeypair(keypair)).publicKey;
  await founded.equip(stranger);
  const { serviceUrl, rpcUrl } = ground.stack;
  const state = join(ground.folder, "watch");
  const args = ["--service", serviceUrl, "--rpc", rpcUrl, "--state", state];
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
  const wrong = lines.find(({ verification }) => verification?.valid === false);
  assert.match(
    wrong?.verification?.finding?.text ?? "",
    /^chunk 311 of the next model .* parameter 19921 is/,
  );
  assert.equal(
    lines.filter(({ event, transaction }) => event === "dispute-opened" && transaction).length,
    1,
  );
  const metrics = await (await fetch(url)).text();
  assert.match(metrics, /^plenary_watch_last_round 3$/m);
  assert.match(metrics, /^plenary_watch_disputes_total\{outcome="won"\} 1$/m);
  third.child.kill("SIGTERM");
  await third.until(({ event }) => event === "stopped");
  // A watch that was killed after it remembered a verdict and before it told it does not look
  // again: what it remembers counts.
  const {
    next,
    verified,
    wrong: found,
  } = JSON.parse(await readFile(join(state, "watch.json"), "utf8"));
  assert.deepEqual([next, verified, found], ["4", ROUNDS, ["3"]]);
  const expected = new Map([
    ["1", true],
    ["2", true],
    ["3", false],
  ]);
  for (const [number, isValid] of verdicts(lines))
    assert.equal(isValid, expected.get(number), number);

  const connection = connectTo(rpcUrl);
  const round = await readRound(
    connection,
    roundAddress(ground.stack.program, founded.address, BigInt(ROUNDS)),
  );
  assert.equal(round?.status, "void");
  // The deposit is back, with half of the bond.
  const tokens = tokenAccountAddress(founded.rewardMint, stranger);
  assert.equal(await tokenBalance(connection, tokens), STAKE + STAKE / 2n);
});

function verdicts(lines: readonly WatchLine[]): [string, boolean | undefined][] {
  return lines
    .filter(({ event }) => event === "round-verified")
    .map(({ round = "", verification }) => [round, verification?.valid]);
}
