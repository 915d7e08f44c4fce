import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { randomStream } from "@plenary/protocol";
import fc from "fast-check";
import { heldOutHalves } from "./held-out-halves.ts";
import { distances, scoresOf } from "./measures.ts";
import { noiseCeiling } from "./noise-ceiling.ts";

const near = (actual: number, expected: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

/** Two answers of equally many people to a question of 2 to 7 options, as everyone's choice. */
const twoAnswers = fc
  .tuple(fc.integer({ min: 2, max: 7 }), fc.integer({ min: 1, max: 40 }))
  .chain(([options, people]) => {
    const choices = fc.array(fc.nat(options - 1), { minLength: people, maxLength: people });
    return fc.tuple(fc.constant(options), choices, choices);
  });

const sharesOf = (options: number, choices: readonly number[]) =>
  Array.from(
    { length: options },
    (_, option) => choices.filter((choice) => choice === option).length / choices.length,
  );

const entropy = (shares: readonly number[]) =>
  -shares.reduce((sum, share) => sum + (share === 0 ? 0 : share * Math.log(share)), 0);

describe("distances agree with slower definitions", () => {
  test("Wasserstein: everyone moves to the choice of the same rank", () => {
    fc.assert(
      fc.property(twoAnswers, ([options, before, after]) => {
        const [from, to] = [before, after].map((choices) => choices.toSorted((a, b) => a - b));
        const moved = from!.reduce((sum, choice, rank) => sum + Math.abs(choice - to![rank]!), 0);
        const { wasserstein } = distances(sharesOf(options, before), sharesOf(options, after));
        near(wasserstein, moved / before.length / (options - 1));
      }),
    );
  });

  test("alignment: by entropies; total variation: the largest difference over sets of options", () => {
    fc.assert(
      fc.property(twoAnswers, ([options, before, after]) => {
        const [p, q] = [sharesOf(options, before), sharesOf(options, after)];
        const middle = p.map((share, option) => (share + q[option]!) / 2);
        const divergence = entropy(middle) - (entropy(p) + entropy(q)) / 2;
        const found = distances(p, q);
        near((1 - found.alignment) ** 2, Math.max(divergence, 0), 1e-7);
        const subsets = Array.from({ length: 2 ** options }, (_, set) =>
          p.reduce((sum, share, i) => sum + ((set >> i) & 1 ? share - q[i]! : 0), 0),
        );
        near(found.totalVariation, Math.max(...subsets));
      }),
    );
  });
});

test("scores are means over groups of means over cells; S compares with uniform answers", () => {
  const cell = (actual: readonly number[], model: readonly number[]) => ({
    model: distances(model, actual),
    withoutContext: distances([0.5, 0.5], actual),
    uniform: distances([0.5, 0.5], actual),
    ceiling: null,
  });
  const scores = scoresOf([
    [cell([0.9, 0.1], [0.8, 0.2]), cell([0.5, 0.5], [0.5, 0.5])],
    [cell([0.3, 0.7], [0.3, 0.7])],
    [],
  ]);
  assert.ok(scores);
  assert.deepEqual([scores.cells, scores.ceiling], [3, null]);
  near(scores.model.totalVariation, 0.025);
  near(scores.uniform.totalVariation, 0.2);
  near(scores.model.simbench ?? 0, 100 * (1 - 0.025 / 0.2));
  near(scores.uniform.simbench ?? 1, 0);
  near(scores.model.worst, (1 + distances([0.8, 0.2], [0.9, 0.1]).alignment) / 2);
  assert.equal(scoresOf([[], []]), null);
});

test("the noise ceiling is what the truth itself would score on such counts", () => {
  const truth = [0.1, 0.25, 0.4, 0.25];
  const cumulated = [0.1, 0.35, 0.75, 1];
  for (const people of [60, 400, 3_000]) {
    const random = randomStream(people, "sampled answers");
    const cells = Array.from({ length: 150 }, () => {
      const counts = truth.map(() => 0);
      for (let person = 0; person < people; person += 1) {
        const place = random.unit();
        counts[cumulated.findIndex((limit) => place < limit)]! += 1;
      }
      const observed = counts.map((count) => count / people);
      return { truth: distances(truth, observed), ceiling: noiseCeiling(counts, random)! };
    });
    for (const name of ["alignment", "wasserstein", "totalVariation"] as const) {
      const mean = (kind: "truth" | "ceiling") =>
        cells.reduce((sum, cell) => sum + cell[kind][name], 0) / cells.length;
      const noise = name === "alignment" ? 1 - mean("truth") : mean("truth");
      near(mean("ceiling"), mean("truth"), 0.12 * noise);
    }
  }
  assert.equal(noiseCeiling([0, 1], randomStream(1)), null);
  assert.equal(noiseCeiling([0, 2], randomStream(1))?.alignment, 1);
});

test("halves of groups share no group, hold all, and depend on the seed and not on the order", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const { choosing, reporting } = heldOutHalves(ids, 3);
  assert.deepEqual([choosing.length, reporting.length], [3, 2]);
  assert.deepEqual([...choosing, ...reporting].toSorted(), ids);
  assert.deepEqual(heldOutHalves(ids.toReversed(), 3), { choosing, reporting });
  const others = [1, 2, 4, 5].map((seed) => heldOutHalves(ids, seed).choosing.join());
  assert.ok(others.some((other) => other !== choosing.join()));
  assert.deepEqual(heldOutHalves(["a"], 3), { choosing: ["a"], reporting: ["a"] });
});
