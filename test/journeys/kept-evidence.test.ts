/**
 * A service that withdraws every blob after a watch has seen its wrong round still loses its bond:
 * the watch has kept them.
 */
import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { readRound, roundAddress } from "@plenary/chain";
import { connectTo, createKeypair, tokenBalance } from "@plenary/sdk";
import { until } from "../../testing/index.ts";
import { plenary } from "./command.ts";
import { foundFederation, openGround, runMembers, STAKE } from "./local-federation.ts";
import { startWatch } from "./watch-process.ts";

const ROUND = 1;
const CHEATED_PARAMETER = 19_921;
/** Exit code of a verification that finds the round wrong. */
const WRONG = 5;

test("a dispute is won with what a watch has kept, after the service has withdrawn every blob", async (t) => {
  const worker = "services/aggregator/testing/actors/cheating-worker.ts";
  const { ground, close } = await openGround({
    worker: [worker, `${ROUND}:integer:${CHEATED_PARAMETER}`],
  });
  t.after(close);
  const founded = await foundFederation(ground, { total: ROUND }, 600);
  const { serviceUrl, rpcUrl, program } = ground.stack;
  const keypair = join(ground.folder, "stranger.json");
  const { publicKey: stranger } = await createKeypair(keypair);
  await founded.equip(stranger);
  const state = join(ground.folder, "watch");
  const kept = join(state, "blobs");
  const watched = [
    "--service",
    serviceUrl,
    "--rpc",
    rpcUrl,
    "--state",
    state,
    "--from",
    "1",
    "--json",
  ];

  const looker = startWatch(t, watched);
  await runMembers(ground, founded);
  const seen = await looker.until(({ event }) => event === "round-verified");
  assert.equal(seen.verification?.valid, false);
  looker.child.kill("SIGKILL");
  for (const name of await readdir(ground.blobs))
    await rm(join(ground.blobs, name), { recursive: true });

  const alone = ["--rpc", rpcUrl, "--federation", founded.address.toBase58(), "--json"];
  await t.test("a verification at the service finds the round withheld", async () => {
    const { code, output } = await plenary([
      "verify",
      String(ROUND),
      ...alone,
      "--service",
      serviceUrl,
    ]);
    assert.equal(code, WRONG);
    assert.match(output, /"kind":"withheld"/);
  });

  await t.test("a verification from the watch's folder sees what is wrong", async () => {
    const { code, output } = await plenary(["verify", String(ROUND), ...alone, "--blobs", kept]);
    assert.equal(code, WRONG);
    assert.match(output, /"kind":"chunk","chunk":311/);
  });

  await t.test("a restarted watch with a challenger demands nothing and wins", async () => {
    const challenging = startWatch(t, [...watched, "--dispute", "--keypair", keypair]);
    const ended = await challenging.until(({ event }) => event === "dispute-ended");
    assert.equal(ended.outcome, "won");
    const steps = challenging.lines.flatMap(({ event, step }) =>
      event === "dispute-step" ? [step] : [],
    );
    assert.deepEqual([...new Set(steps)], ["leaf", "chunk"]);
    assert.ok(!challenging.lines.some(({ event }) => event === "dispute-waiting"));
    const connection = connectTo(rpcUrl);
    const round = await readRound(
      connection,
      roundAddress(program, founded.address, BigInt(ROUND)),
    );
    assert.equal(round?.status, "void");
    // The deposit is back, with half of the bond.
    assert.equal(await tokenBalance(connection, founded.tokensOf(stranger)), STAKE + STAKE / 2n);
    // Bytes of rounds that can no longer be disputed take no space.
    await until("the kept bytes to be deleted", async () => (await readdir(kept)).length === 0);
    challenging.child.kill("SIGTERM");
    await challenging.until(({ event }) => event === "stopped");
  });
});
