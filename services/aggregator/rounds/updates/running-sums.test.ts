import assert from "node:assert/strict";
import { test } from "node:test";
import { createAggregator } from "@plenary/algorithms";
import type { FederationConfiguration } from "@plenary/protocol";
import fc from "fast-check";
import type { UpdateRow } from "../../store/updates.ts";
import { RunningSums } from "./running-sums.ts";

const PARAMETERS = 5;
const configuration = {
  aggregator: { name: "mean" },
  parameterCount: PARAMETERS,
} as FederationConfiguration;
const key = { federation: new Uint8Array(32), number: 1n };

const updates = fc.array(
  fc.record({
    delta: fc.array(fc.integer({ min: -(2 ** 27) + 1, max: 2 ** 27 - 1 }), {
      minLength: PARAMETERS,
      maxLength: PARAMETERS,
    }),
    weight: fc.integer({ min: 1, max: 1000 }),
    /** Folded by this process when it was screened, perhaps twice, or by another process. */
    folded: fc.integer({ min: 0, max: 2 }),
    /** Replaced by a later update of its member. */
    superseded: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

test("the sum holds what counts, whatever was folded here, folded elsewhere or superseded", async () => {
  await fc.assert(
    fc.asyncProperty(updates, async (plan) => {
      const deltas = plan.map(({ delta }) => Int32Array.from(delta));
      const sums = new RunningSums();
      for (const [i, { folded, weight }] of plan.entries())
        for (let n = 0; n < folded; n++)
          sums.fold(key, configuration, BigInt(i), at(deltas, i), weight);
      const counted = plan.flatMap(({ superseded, weight }, i) =>
        superseded ? [] : [{ id: BigInt(i), weight } as UpdateRow],
      );
      const sum = await sums.complete(key, configuration, counted, async (id) =>
        at(deltas, Number(id)),
      );
      assert.ok(sum);
      const held = counted.map(({ id, weight }) => ({ delta: at(deltas, Number(id)), weight }));
      const total = counted.reduce((all, { weight }) => all + weight, 0);
      const holdsWhatCounts = () => {
        assert.deepEqual([sum.count, sum.totalWeight], [counted.length, total]);
        if (total > 0)
          assert.deepEqual(
            sum.finish(),
            createAggregator(configuration.aggregator).aggregate(held),
          );
      };
      holdsWhatCounts();
      // Too late: the round is being computed.
      sums.fold(key, configuration, 99n, new Int32Array(PARAMETERS).fill(1), 1);
      holdsWhatCounts();
    }),
  );
});

test("superseded updates cannot push a sum over its limit", async () => {
  const sums = new RunningSums();
  const delta = new Int32Array(PARAMETERS).fill(3);
  const heavy = 2 ** 25;
  for (let id = 0n; id < 5n; id++) sums.fold(key, configuration, id, delta, heavy);
  const last = [{ id: 4n, weight: heavy } as UpdateRow];
  const sum = await sums.complete(key, configuration, last, async () => delta);
  assert.deepEqual([sum?.count, sum?.totalWeight], [1, heavy]);
});

function at(deltas: readonly Int32Array[], index: number): Int32Array {
  const delta = deltas[index];
  assert.ok(delta);
  return delta;
}
