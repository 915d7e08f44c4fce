import assert from "node:assert/strict";
import { test } from "node:test";
import { advancedClock } from "./chain-clock.ts";

test("the chain's clock is read now and then, advanced in between, and read once for all that ask at the same time", async () => {
  let chain = 1_000_000;
  let elapsed = 50;
  let reads = 0;
  const clock = advancedClock(
    async () => {
      reads += 1;
      return chain;
    },
    () => elapsed,
  );
  assert.deepEqual(await Promise.all([clock.now(), clock.now()]), [chain, chain]);
  elapsed += 4_000;
  chain += 7_000;
  assert.equal(await clock.now(), 1_004_000);
  assert.equal(reads, 1);
  elapsed += 4_000;
  assert.equal(await clock.now(), chain);
  assert.equal(reads, 2);
});

test("a chain that does not answer is asked again, and its time is not guessed", async () => {
  let elapsed = 0;
  let answers = false;
  const clock = advancedClock(
    async () => {
      if (!answers) throw new Error("no answer");
      return 7;
    },
    () => elapsed,
  );
  await assert.rejects(clock.now(), /no answer/);
  answers = true;
  assert.equal(await clock.now(), 7);
  answers = false;
  elapsed += 60_000;
  await assert.rejects(clock.now(), /no answer/);
});
