import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PlenaryError } from "@plenary/protocol";
import { foundOn, openWorkbench, type Workbench } from "../testing/stack/workbench.ts";
import { startReconciler } from "./reconciler.ts";

const HOURS = 3_600_000;
let bench: Workbench;
before(async () => {
  bench = await openWorkbench();
});
after(() => bench.close());

test("a clock that is set back by hours, and a chain that does not answer, keep nothing from being asked for again", async () => {
  const federation = await foundOn(bench, "reconciler");
  const worker = bench.worker();
  for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
    await bench.run(worker, job);
  bench.skew = 9 * HOURS;
  await federation.upload(1n, await federation.update(1n, 0));
  bench.asked.length = 0;
  bench.skew = 0;
  bench.ledger.now = () => Promise.reject(new PlenaryError("chain-unavailable", "no answer"));
  const reconciler = startReconciler(bench.context);
  const asked = () => bench.asked.filter(({ name }) => name === "screenUpdate").length;
  while (asked() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  bench.skew = -9 * HOURS;
  while (asked() === 1) await new Promise((resolve) => setTimeout(resolve, 20));
  await reconciler.close();
  assert.ok(asked() >= 2);
});
