import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { toHex } from "@plenary/protocol";
import { createAggregator } from "./aggregators/index.ts";
import { createCodec } from "./codecs/index.ts";
import { magnitudeOf } from "./kernels/index.ts";
import { splitBudget } from "./rewards.ts";
import { createStrategy } from "./strategies/index.ts";

/** The output of test/vectors/make_aggregation.py. */
interface Vectors {
  readonly aggregation: readonly {
    readonly name: string;
    readonly weights: number[];
    readonly deltas: number[][];
    readonly base: number[];
    readonly velocity: number[];
    readonly momentum: number;
    readonly mean: number[];
    readonly fedavg: number[];
    readonly fedavgm: { readonly next: number[]; readonly state: number[] };
  }[];
  readonly int8: readonly { name: string; delta: number[]; payload: string; decoded: number[] }[];
  readonly norms: readonly {
    name: string;
    vector: number[];
    maxAbs: number;
    sumOfSquares: string;
  }[];
  readonly rewards: readonly { name: string; budget: string; scores: string[]; shares: string[] }[];
}

const url = new URL("../../test/vectors/aggregation.json", import.meta.url);
const vectors: Vectors = JSON.parse(readFileSync(url, "utf8"));

test("means and server steps equal NumPy's", () => {
  for (const {
    name,
    weights,
    deltas,
    base,
    velocity,
    momentum,
    ...expected
  } of vectors.aggregation) {
    const updates = deltas.map((delta, i) => ({
      delta: Int32Array.from(delta),
      weight: weights[i]!,
    }));
    const mean = createAggregator({ name: "mean" }).aggregate(updates);
    assert.deepEqual([...mean], expected.mean, name);
    const model = Int32Array.from(base);
    const plain = createStrategy({ name: "fedavg" }).apply(model, mean, []);
    assert.deepEqual([...plain.next], expected.fedavg, name);
    const configuration: { name: string; momentum: number } = { name: "fedavgm", momentum };
    const step = createStrategy(configuration).apply(model, mean, [Int32Array.from(velocity)]);
    assert.deepEqual([...step.next], expected.fedavgm.next, name);
    assert.deepEqual([...step.state[0]!], expected.fedavgm.state, name);
  }
});

test("int8 payloads equal NumPy's byte for byte", () => {
  const int8 = createCodec({ name: "int8" });
  for (const { name, delta, payload, decoded } of vectors.int8) {
    const bytes = int8.encode(Int32Array.from(delta));
    assert.equal(toHex(bytes), payload, name);
    assert.deepEqual([...int8.decode(bytes, delta.length)], decoded, name);
  }
});

test("norms and reward shares equal Python's", () => {
  for (const { name, vector, maxAbs, sumOfSquares } of vectors.norms)
    assert.deepEqual(
      magnitudeOf(Int32Array.from(vector)),
      { maxAbs, sumOfSquares: BigInt(sumOfSquares) },
      name,
    );
  for (const { name, budget, scores, shares } of vectors.rewards)
    assert.deepEqual(splitBudget(scores.map(BigInt), BigInt(budget)), shares.map(BigInt), name);
});
