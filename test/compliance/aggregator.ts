import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Aggregator,
  aggregators,
  createAggregator,
  type Registry,
  type RunningAggregate,
  type WeightedDelta,
} from "@plenary/algorithms";
import { CHUNK_LENGTH } from "@plenary/protocol";
import fc from "fast-check";
import { deltas, throwsCode } from "./vectors.ts";

const LENGTH = 67;
const update = fc.record({ delta: deltas(LENGTH), weight: fc.integer({ min: 1, max: 2 ** 21 }) });
const updates = fc.array(update, { minLength: 1, maxLength: 8 });

/** Every aggregator must pass these tests, whatever it computes. */
export function aggregatorCompliance(
  configuration: { readonly name: string },
  registry: Registry<Aggregator> = aggregators,
): void {
  describe(`aggregator ${JSON.stringify(configuration)}`, () => {
    const aggregator = createAggregator(configuration, registry);

    test("the order of updates does not matter, and they are left as they are", () => {
      const shuffled = updates.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      );
      fc.assert(
        fc.property(shuffled, ([list, other]) => {
          const before = list.map(({ delta }) => delta.slice());
          assert.deepEqual(aggregator.aggregate(list), aggregator.aggregate(other));
          assert.deepEqual(
            list.map(({ delta }) => delta),
            before,
          );
        }),
      );
    });

    test("equal updates aggregate to themselves, whatever their weights", () => {
      const weights = fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 5 });
      fc.assert(
        fc.property(deltas(LENGTH), weights, (delta, list) => {
          const equal = list.map((weight) => ({ delta, weight }));
          assert.deepEqual(aggregator.aggregate(equal), delta);
        }),
      );
    });

    test("no update, wrong lengths and wrong weights are refused", () => {
      const delta = new Int32Array(LENGTH);
      const aggregate = (...list: WeightedDelta[]) => aggregator.aggregate(list);
      throwsCode(() => aggregate(), "round-inconsistent");
      const shorter = { delta: delta.subarray(1), weight: 1 };
      throwsCode(() => aggregate({ delta, weight: 1 }, shorter), "invalid-input");
      for (const weight of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 26])
        throwsCode(() => aggregate({ delta, weight }), "weight-out-of-range");
      const heavy = { delta, weight: 2 ** 25 };
      throwsCode(() => aggregate(heavy, heavy), "weight-out-of-range");
    });

    test("its rule has the form that the program reads", () => {
      const { code, parameters, stateVectors } = aggregator.rule;
      assert.ok(Number.isInteger(code) && code >= 0 && code <= 255);
      assert.ok(parameters.every((entry) => Number.isInteger(entry) && entry >= 0));
      assert.equal(stateVectors, 0);
    });
  });
}

/** An incremental aggregator must also agree with the aggregate of all. */
export function incrementalCompliance(
  configuration: { readonly name: string },
  registry: Registry<Aggregator> = aggregators,
): void {
  describe(`incremental aggregator ${JSON.stringify(configuration)}`, () => {
    const aggregator = createAggregator(configuration, registry);
    const start = (list: readonly WeightedDelta[]): RunningAggregate => {
      assert.ok(aggregator.incremental);
      const running = aggregator.incremental.start(LENGTH);
      for (const { delta, weight } of list) running.fold(delta, weight);
      return running;
    };
    const assertHolds = (running: RunningAggregate, list: readonly WeightedDelta[]) => {
      const weight = list.reduce((sum, update) => sum + update.weight, 0);
      assert.deepEqual([running.count, running.totalWeight], [list.length, weight]);
      assert.deepEqual(running.finish(), aggregator.aggregate(list));
    };

    test("folding one by one gives the aggregate of all", () => {
      fc.assert(fc.property(updates, (list) => assertHolds(start(list), list)));
    });

    test("removing undoes folding, and a finished aggregate can be folded into", () => {
      fc.assert(
        fc.property(updates, updates, (list, others) => {
          const running = start([...list, ...others]);
          assertHolds(running, [...list, ...others]);
          for (const { delta, weight } of others) running.remove(delta, weight);
          assertHolds(running, list);
          for (const { delta, weight } of others) running.fold(delta, weight);
          assertHolds(running, [...list, ...others]);
        }),
      );
    });

    test("an update that is refused leaves everything as it was", () => {
      const delta = new Int32Array(LENGTH).fill(3);
      const running = start([]);
      throwsCode(() => running.finish(), "round-inconsistent");
      throwsCode(() => running.remove(delta, 1), "round-inconsistent");
      const all = { delta, weight: 2 ** 26 - 2 };
      running.fold(all.delta, all.weight);
      throwsCode(() => running.fold(delta.subarray(1), 1), "invalid-input");
      for (const weight of [0, 0.5, 2]) {
        throwsCode(() => running.fold(delta, weight), "weight-out-of-range");
        assertHolds(running, [all]);
      }
      throwsCode(() => running.remove(delta, 1), "round-inconsistent");
      assertHolds(running, [all]);
    });
  });
}

/** An aggregator that the program knows must also judge each chunk by itself. */
export function provableAggregatorCompliance(
  configuration: { readonly name: string },
  registry: Registry<Aggregator> = aggregators,
): void {
  test(`one chunk of ${JSON.stringify(configuration)} follows from that chunk of the updates`, () => {
    const aggregator = createAggregator(configuration, registry);
    fc.assert(
      fc.property(updates, (list) => {
        const whole = aggregator.aggregate(list);
        for (let from = 0; from < LENGTH; from += CHUNK_LENGTH) {
          const chunk = list.map(({ delta, weight }) => ({
            delta: delta.slice(from, from + CHUNK_LENGTH),
            weight,
          }));
          assert.deepEqual(aggregator.aggregate(chunk), whole.slice(from, from + CHUNK_LENGTH));
        }
      }),
    );
  });
}
