import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { toBase58 } from "@plenary/protocol";
import { foundOn } from "../../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";
import { finalizeRounds } from "./finalize.ts";

const WINDOW_SECONDS = 3_600;
let bench: Workbench;

before(async () => {
  bench = await openWorkbench();
  bench.ledger.challengeWindow = WINDOW_SECONDS;
});
after(() => bench.close());

/** A federation whose first two rounds are committed and not final. */
async function twoCommitted(name: string) {
  const federation = await foundOn(bench, name);
  const worker = bench.worker();
  const work = async () => {
    await bench.run(worker, {
      name: "advanceFederation",
      data: { federation: toBase58(federation.address) },
    });
    for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
      await bench.run(worker, job);
  };
  await work();
  for (const round of [1n, 2n]) {
    for (const place of [0, 1, 2])
      await federation.upload(round, await federation.update(round, place));
    await work();
  }
  bench.ledger.effects.length = 0;
  return federation.address;
}

async function states(federation: Uint8Array) {
  const found = await Promise.all(
    [1n, 2n].map((number) => bench.context.store.rounds.find({ federation, number })),
  );
  return found.map((round) => round?.state);
}

test("rounds become final in their order, when their windows are over", async () => {
  const federation = await twoCommitted("in order");
  await finalizeRounds(bench.context, federation);
  assert.deepEqual(await states(federation), ["committed", "committed"]);
  bench.ledger.time += WINDOW_SECONDS * 1_000;
  await finalizeRounds(bench.context, federation);
  assert.deepEqual(await states(federation), ["final", "final"]);
  assert.deepEqual(bench.ledger.effects, ["finalize 1", "finalize 2"]);
});

test("a round that somebody else made final, and whose account was closed for its rent, is final here, too", async () => {
  const { ledger, context } = bench;
  const federation = await twoCommitted("closed");
  ledger.time += WINDOW_SECONDS * 1_000;
  for (const round of [1n, 2n])
    await ledger.finalizeRound(federation, round, async () => undefined);
  ledger.closeRound(federation, 1n);
  ledger.effects.length = 0;
  await finalizeRounds(context, federation);
  assert.deepEqual(await states(federation), ["final", "final"]);
  assert.deepEqual(ledger.effects, []);
  assert.deepEqual(
    (await context.store.transactions.pendingOf(federation)).map(({ kind }) => kind),
    [],
  );
});

test("a round that a node does not show is left as it is", async () => {
  const { ledger, context } = bench;
  const federation = await twoCommitted("not shown");
  ledger.time += WINDOW_SECONDS * 1_000;
  const { round } = ledger;
  ledger.round = async () => undefined;
  await finalizeRounds(context, federation);
  ledger.round = round;
  assert.deepEqual(await states(federation), ["committed", "committed"]);
  assert.deepEqual(ledger.effects, []);
});
