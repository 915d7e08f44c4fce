import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PlenaryError } from "@plenary/protocol";
import { until } from "../../../testing/index.ts";
import { foundOn } from "../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../testing/bench/workbench.ts";
import { Backoff } from "./backoff.ts";
import { Look, startReconciler } from "./reconciler.ts";

const HOURS = 3_600_000;
let bench: Workbench;
before(async () => {
  bench = await openWorkbench();
});
after(() => bench.close());

/** What the first look after a start asks for. */
async function askedAt(skew: number): Promise<string[]> {
  bench.skew = skew;
  bench.asked.length = 0;
  await new Look(bench.context).take();
  return bench.asked.map(({ name }) => name);
}

test("a clock that was set back or forward, and a chain that does not answer, hide no lost update", async () => {
  const federation = await foundOn(bench, "reconciler");
  const worker = bench.worker();
  for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
    await bench.run(worker, job);
  bench.skew = 9 * HOURS;
  await federation.upload(1n, await federation.update(1n, 0));
  bench.ledger.now = () => Promise.reject(new PlenaryError("chain-unavailable", "no answer"));
  // The update was received now, by a clock that was 9 hours ahead.
  for (const skew of [0, -9 * HOURS, 18 * HOURS])
    assert.ok((await askedAt(skew)).includes("screenUpdate"), `clock off by ${skew}`);
  // What was received a moment ago still has its job.
  assert.deepEqual(await askedAt(9 * HOURS), ["advanceFederation"]);
});

test("the reconciler looks until it is closed", async () => {
  await foundOn(bench, "looks");
  bench.asked.length = 0;
  const reconciler = startReconciler(bench.context);
  const asks = () => bench.asked.filter(({ name }) => name === "advanceFederation").length;
  await until("a second look", () => asks() > 1);
  await reconciler.close();
});

test("work that stays due is asked for less and less often, and at once when it is due again", () => {
  let time = 0;
  const backoff = new Backoff(() => time);
  const asked: number[] = [];
  for (time = 0; time <= 40_000; time += 500) if (backoff.isTime("step")) asked.push(time);
  assert.deepEqual(asked, [0, 500, 1_500, 3_500, 7_500, 15_500, 25_500, 35_500]);
  backoff.keepOnly(new Set(["step"]));
  assert.ok(!backoff.isTime("step"));
  backoff.keepOnly(new Set());
  assert.ok(backoff.isTime("step"));
});
