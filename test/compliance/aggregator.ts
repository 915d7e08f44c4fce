import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Accumulator, type Aggregator, createAggregator } from "@plenary/algorithms";
import { PlenaryError } from "@plenary/protocol";
import fc from "fast-check";
import { deltas, throwsCode } from "./vectors.ts";

const LENGTH = 67;
const updates = fc.array(fc.tuple(deltas(LENGTH), fc.integer({ min: 1, max: 2 ** 21 })), {
  minLength: 1,
  maxLength: 8,
});
type Updates = [Int32Array, number][];

function folded(aggregator: Aggregator, list: Updates): Accumulator {
  const accumulator = aggregator.create(LENGTH);
  for (const [delta, weight] of list) accumulator.fold(delta, weight);
  return accumulator;
}

/** What every aggregator must do, whatever it computes. */
export function aggregatorCompliance(configuration: { readonly name: string }): void {
  describe(`aggregator ${JSON.stringify(configuration)}`, () => {
    const aggregator = createAggregator(configuration);

    test("the order of updates does not matter", () => {
      fc.assert(
        fc.property(
          updates.chain((list) =>
            fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
          ),
          ([list, shuffled]) => {
            assert.deepEqual(
              folded(aggregator, list).snapshot(),
              folded(aggregator, shuffled).snapshot(),
            );
          },
        ),
      );
    });

    test("how updates are split between accumulators does not matter", () => {
      fc.assert(
        fc.property(
          updates,
          fc.array(fc.nat(2), { minLength: 8, maxLength: 8 }),
          (list, workers) => {
            const parts = [0, 1, 2].map((w) =>
              folded(
                aggregator,
                list.filter((_, i) => workers[i] === w),
              ),
            );
            const whole = aggregator.create(LENGTH);
            for (const part of parts) whole.join(part);
            assert.deepEqual(whole.snapshot(), folded(aggregator, list).snapshot());
            assert.deepEqual(whole.finish(), folded(aggregator, list).finish());
          },
        ),
      );
    });

    test("folding together equals folding one by one, and takes all or nothing", () => {
      fc.assert(
        fc.property(updates, (list) => {
          const together = list.map(([delta, weight]) => ({ delta, weight }));
          const accumulator = aggregator.create(LENGTH);
          accumulator.foldAll(together);
          assert.deepEqual(accumulator.snapshot(), folded(aggregator, list).snapshot());
          const bad = { delta: new Int32Array(LENGTH), weight: 0 };
          throwsCode(() => accumulator.foldAll([...together, bad]), "weight-out-of-range");
          assert.deepEqual(accumulator.snapshot(), folded(aggregator, list).snapshot());
        }),
      );
    });

    test("removing undoes folding", () => {
      fc.assert(
        fc.property(updates, updates, (list, others) => {
          const accumulator = folded(aggregator, [...list, ...others]);
          for (const [delta, weight] of others) accumulator.remove(delta, weight);
          assert.deepEqual(accumulator.snapshot(), folded(aggregator, list).snapshot());
        }),
      );
    });

    test("a snapshot restores in the middle, and is not touched by what follows", () => {
      fc.assert(
        fc.property(updates, updates, (before, after) => {
          const original = folded(aggregator, before);
          const snapshot = original.snapshot();
          const restored = aggregator.restore(snapshot);
          for (const [delta, weight] of after) {
            original.fold(delta, weight);
            restored.fold(delta, weight);
          }
          assert.deepEqual(restored.finish(), original.finish());
          assert.equal(restored.totalWeight, original.totalWeight);
          assert.equal(restored.count, before.length + after.length);
          assert.deepEqual(aggregator.restore(snapshot).snapshot(), snapshot);
        }),
      );
    });

    test("finishing changes nothing; equal updates aggregate to themselves", () => {
      fc.assert(
        fc.property(
          deltas(LENGTH),
          fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 5 }),
          (delta, weights) => {
            const accumulator = folded(
              aggregator,
              weights.map((weight) => [delta, weight]),
            );
            assert.deepEqual(accumulator.finish(), delta);
            assert.deepEqual(accumulator.finish(), delta);
            assert.equal(accumulator.count, weights.length);
          },
        ),
      );
    });

    test("wrong lengths, weights and empty sums are refused and leave everything as it was", () => {
      const accumulator = aggregator.create(LENGTH);
      const delta = new Int32Array(LENGTH);
      throwsCode(() => accumulator.finish(), "round-inconsistent");
      throwsCode(() => accumulator.remove(delta, 1), "round-inconsistent");
      throwsCode(() => accumulator.fold(new Int32Array(LENGTH - 1), 1), "invalid-input");
      throwsCode(() => accumulator.join(aggregator.create(LENGTH + 1)), "invalid-input");
      for (const weight of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 26])
        throwsCode(() => accumulator.fold(delta, weight), "weight-out-of-range");
      accumulator.fold(delta, 2 ** 26 - 2);
      throwsCode(() => accumulator.fold(delta, 2), "weight-out-of-range");
      const two = folded(aggregator, [[delta, 2]]);
      throwsCode(() => accumulator.join(two), "weight-out-of-range");
      throwsCode(() => two.remove(delta, 1), "round-inconsistent");
      assert.equal(accumulator.count, 1);
      assert.deepEqual(accumulator.finish(), delta);
    });

    test("bytes that are no snapshot are refused with an error that says so", () => {
      const snapshot = folded(aggregator, [[new Int32Array(LENGTH).fill(3), 7]]).snapshot();
      fc.assert(
        fc.property(fc.nat(snapshot.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
          throwsCode(() => aggregator.restore(snapshot.subarray(0, at)), "invalid-input");
          const bent = snapshot.slice();
          bent[at] = bent[at]! ^ flip;
          try {
            assert.equal(aggregator.restore(bent).parameterCount, LENGTH);
          } catch (error) {
            assert.ok(
              error instanceof PlenaryError && error.code === "invalid-input",
              String(error),
            );
          }
        }),
      );
    });
  });
}
