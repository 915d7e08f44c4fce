import assert from "node:assert/strict";
import { test } from "node:test";
import {
  auditPath,
  chunkLeaves,
  merkleRoot,
  toHex,
  vectorRoot,
  verifyInclusion,
} from "@plenary/protocol";
import fc from "fast-check";
import { chunkLeavesFast, vectorRootFast } from "./hashing.ts";
import { dequantizeInt8, quantizeInt8 } from "./int8.ts";
import { addClamped, decayAndAdd, magnitudeOf } from "./vectors.ts";
import { WeightedSum } from "./weighted-sum.ts";

const MAX = 2n ** 31n - 1n;
const EDGES = [
  0,
  1,
  -1,
  2 ** 27 - 1,
  -(2 ** 27) + 1,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 31 - 2,
  -(2 ** 31) + 1,
];
const int32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(...EDGES),
);
const vector = (min = 0, max = 300) =>
  fc.array(int32, { minLength: min, maxLength: max }).map((a) => Int32Array.from(a));
const pair = fc
  .array(fc.tuple(int32, int32), { maxLength: 300 })
  .map(
    (pairs) => [Int32Array.from(pairs, (p) => p[0]), Int32Array.from(pairs, (p) => p[1])] as const,
  );

const clamp = (x: bigint): bigint => (x > MAX ? MAX : x < -MAX ? -MAX : x);
const floorDivide = (a: bigint, b: bigint): bigint => {
  const q = a / b;
  return a % b < 0n ? q - 1n : q;
};

test("hash kernels equal @noble/hashes' trees at every length around a chunk, a group and a batch", () => {
  for (const length of [
    0,
    1,
    63,
    64,
    65,
    127,
    128,
    129,
    256,
    257,
    64 * 7 + 1,
    64 * 256,
    64 * 257 + 3,
    64 * 1023,
  ]) {
    const v = Int32Array.from({ length }, (_, i) => Math.imul(i + length, 0x9e3779b1));
    assert.equal(toHex(vectorRootFast(v)), toHex(vectorRoot(v)), `length ${length}`);
    assert.deepEqual(chunkLeavesFast(v), chunkLeaves(v));
  }
});

test("hash kernels: any vector has the Merkle root of its leaves, and each leaf's path verifies", () => {
  fc.assert(
    fc.property(vector(1, 1500), fc.nat(), (v, pick) => {
      const root = vectorRootFast(v);
      const leaves = chunkLeavesFast(v);
      assert.deepEqual(root, merkleRoot(leaves));
      const index = pick % leaves.length;
      assert.ok(
        verifyInclusion(root, leaves[index]!, index, leaves.length, auditPath(leaves, index)),
      );
    }),
    { numRuns: 40 },
  );
});

test("weighted sums equal BigInt sums; the mean rounds halves up, negative sums included", () => {
  const update = fc.tuple(
    fc.array(int32, { minLength: 9, maxLength: 9 }),
    fc.integer({ min: 1, max: 2 ** 20 }),
  );
  fc.assert(
    fc.property(fc.array(update, { minLength: 1, maxLength: 8 }), (updates) => {
      const sum = new WeightedSum(9);
      for (const [delta, weight] of updates) sum.add([{ delta: Int32Array.from(delta), weight }]);
      const total = updates.reduce((t, [, weight]) => t + BigInt(weight), 0n);
      const expected = Array.from({ length: 9 }, (_, j) =>
        updates.reduce((t, [delta, weight]) => t + BigInt(delta[j]!) * BigInt(weight), 0n),
      );
      assert.deepEqual([...new BigInt64Array(sum.bytes().slice().buffer)], expected);
      const atOnce = new WeightedSum(9);
      atOnce.add(updates.map(([delta, weight]) => ({ delta: Int32Array.from(delta), weight })));
      assert.deepEqual(atOnce.bytes(), sum.bytes());
      const mean = expected.map((s) => Number(floorDivide(2n * s + total, 2n * total)));
      assert.deepEqual([...sum.mean(Number(total))], mean);
    }),
  );
});

test("sums across blocks, alone, by fours and with a remainder, and taken out again", () => {
  for (const length of [8191, 8192, 8193, 3 * 8192 + 5]) {
    const updates = Array.from({ length: 7 }, (_, k) => ({
      delta: Int32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1 + k)),
      weight: 1 + k * 1000,
    }));
    const sum = new WeightedSum(length);
    sum.add(updates.slice(0, 6));
    sum.add(updates.slice(6));
    const sums = new BigInt64Array(sum.bytes().slice().buffer);
    for (let i = 0; i < length; i += 7)
      assert.equal(
        sums[i],
        updates.reduce(
          (total, { delta, weight }) => total + BigInt(delta[i]!) * BigInt(weight),
          0n,
        ),
      );
    sum.add(updates.map(({ delta, weight }) => ({ delta, weight: -weight })));
    assert.ok(new BigInt64Array(sum.bytes().slice().buffer).every((entry) => entry === 0n));
  }
});

test("the mean at exact halves and beside them", () => {
  for (const total of [1, 2, 3, 4, 1000, 2 ** 25, 2 ** 26 - 1])
    for (const value of [-5, -2, -1, 0, 1, 2, 5]) {
      const sum = new WeightedSum(3);
      // Sums around value * total + total / 2.
      const half = Math.floor(total / 2);
      sum.add([{ delta: Int32Array.of(value, value, value), weight: total }]);
      sum.add([{ delta: Int32Array.of(half - 1, half, half + 1), weight: 1 }]);
      const expected = [half - 1, half, half + 1].map((extra) =>
        Number(
          floorDivide(
            2n * (BigInt(value) * BigInt(total) + BigInt(extra)) + BigInt(total),
            2n * BigInt(total),
          ),
        ),
      );
      assert.deepEqual([...sum.mean(total)], expected, `total ${total}, value ${value}`);
    }
});

test("the mean is exact at the largest sums", () => {
  const sum = new WeightedSum(2);
  sum.add([{ delta: Int32Array.of(2 ** 31 - 1, -(2 ** 31)), weight: 2 ** 26 - 1 }]);
  assert.deepEqual([...sum.mean(2 ** 26 - 1)], [2 ** 31 - 1, -(2 ** 31)]);
});

test("addClamped and decayAndAdd equal BigInt, clamp edges included", () => {
  fc.assert(
    fc.property(pair, fc.integer({ min: 0, max: 65535 }), ([a, b], beta) => {
      assert.deepEqual(
        [...addClamped(a, b)],
        Array.from(a, (x, i) => Number(clamp(BigInt(x) + BigInt(b[i]!)))),
      );
      assert.deepEqual(
        [...decayAndAdd(a, b, beta)],
        Array.from(a, (x, i) =>
          Number(clamp(((BigInt(beta) * BigInt(x) + 32768n) >> 16n) + BigInt(b[i]!))),
        ),
      );
    }),
  );
});

test("magnitudeOf equals BigInt and does not remember the vector before", () => {
  fc.assert(
    fc.property(vector(), (v) => {
      const { maxAbs, sumOfSquares } = magnitudeOf(v);
      assert.equal(
        maxAbs,
        v.reduce((top, x) => Math.max(top, Math.abs(x)), 0),
      );
      assert.equal(
        sumOfSquares,
        v.reduce((sum, x) => sum + BigInt(x) * BigInt(x), 0n),
      );
    }),
  );
});

test("int8 kernels equal their definition in BigInt, and decode what they encode", () => {
  const small = fc.integer({ min: -(2 ** 27) + 1, max: 2 ** 27 - 1 });
  const magnitudes = fc.integer({ min: 0, max: 27 }).chain((bits) =>
    fc.array(
      small.map((x) => Math.trunc(x / 2 ** (27 - bits))),
      { minLength: 1, maxLength: 200 },
    ),
  );
  fc.assert(
    fc.property(magnitudes, (entries) => {
      const v = Int32Array.from(entries);
      const scales = new Uint8Array(Math.ceil(v.length / 64) * 4);
      const values = new Uint8Array(v.length);
      quantizeInt8(v, scales, values);
      const signed = new Int8Array(values.buffer);
      const view = new DataView(scales.buffer);
      v.forEach((x, i) => {
        const block = v.subarray(i - (i % 64), i - (i % 64) + 64);
        const top = block.reduce((t, y) => Math.max(t, Math.abs(y)), 0);
        const scale = Math.min(Math.ceil(top / 127), 1056832);
        assert.equal(view.getUint32(Math.floor(i / 64) * 4, true), scale);
        const q = scale === 0 ? 0 : Math.floor((Math.abs(x) + Math.floor(scale / 2)) / scale);
        assert.equal(signed[i], q === 0 ? 0 : Math.sign(x) * q);
      });
      const decoded = new Int32Array(v.length);
      assert.equal(dequantizeInt8(scales, values, decoded), -1);
      decoded.forEach((y, i) => {
        assert.equal(y, signed[i]! * view.getUint32(Math.floor(i / 64) * 4, true));
      });
    }),
  );
});
