import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  createAggregator,
  createContribution,
  createStrategy,
  type Evaluate,
  type ScoredRound,
  type WeightedDelta,
} from "@plenary/algorithms";
import fc from "fast-check";
import { deltas, models, throwsCode } from "./vectors.ts";

const LENGTH = 20;
const updates = fc.array(
  fc.record({ delta: deltas(LENGTH), weight: fc.integer({ min: 1, max: 9999 }) }),
  {
    minLength: 1,
    maxLength: 6,
  },
);
type Updates = WeightedDelta[];

/** Minus the sum of squares: an integer utility that any model has. */
const evaluate: Evaluate = async (model) =>
  -model.reduce((sum, entry) => sum + BigInt(entry) * BigInt(entry), 0n);

function roundOf(base: Int32Array, list: Updates): ScoredRound {
  const strategy = createStrategy({ name: "fedavg" });
  const aggregator = createAggregator({ name: "mean" });
  const step = (updates: Updates) =>
    strategy.apply(
      base,
      updates.length === 0 ? new Int32Array(LENGTH) : aggregator.aggregate(updates),
      [],
    ).next;
  const nextWithout = async (index: number) => step(list.toSpliced(index, 1));
  return { next: step(list), nextWithout, counted: list, evaluate };
}

/** Every contribution measure must pass these tests, whatever it values. */
export function contributionCompliance(configuration: { readonly name: string }): void {
  describe(`contribution ${JSON.stringify(configuration)}`, () => {
    const contribution = createContribution(configuration);

    test("one integer score for each update, the same each time", async () => {
      await fc.assert(
        fc.asyncProperty(models(LENGTH), updates, async (base, list) => {
          const round = roundOf(base, list);
          const scores = await contribution.score(round);
          assert.equal(scores.length, list.length);
          assert.ok(scores.every((score) => typeof score === "bigint"));
          assert.deepEqual(await contribution.score(round), scores);
        }),
        { numRuns: 30 },
      );
    });

    test("scores belong to updates, not to their places", async () => {
      await fc.assert(
        fc.asyncProperty(models(LENGTH), updates, async (base, list) => {
          const scores = await contribution.score(roundOf(base, list));
          const reversed = await contribution.score(roundOf(base, list.toReversed()));
          assert.deepEqual(reversed.toReversed(), scores);
        }),
        { numRuns: 30 },
      );
    });

    test("it refuses unknown parameters", () => {
      const surplus: { name: string } = { ...configuration, ...{ unknown: 1 } };
      throwsCode(() => createContribution(surplus), "invalid-input");
    });
  });
}
