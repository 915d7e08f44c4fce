import assert from "node:assert/strict";
import { test } from "node:test";
import { chachaBlock, randomStream } from "./random.ts";

test("the block of RFC 8439, section 2.3.2", () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i);
  const nonce = Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0);
  const expected = [
    0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
    0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9, 0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2,
  ];
  assert.deepEqual([...chachaBlock(key, 1, nonce)], expected);
});

test("streams repeat with seed and labels, and differ without", () => {
  const draw = (...of: Parameters<typeof randomStream>) => {
    const random = randomStream(...of);
    return Array.from({ length: 40 }, () => random.below(1000));
  };
  assert.deepEqual(draw(1, "a"), draw(1, "a"));
  assert.notDeepEqual(draw(1, "a"), draw(2, "a"));
  assert.notDeepEqual(draw(1, "a"), draw(1, "b"));
  assert.notDeepEqual(draw(1, "a", "b"), draw(1, "ab"));
  assert.deepEqual(draw(new Uint8Array(32), "a"), draw(new Uint8Array(32), "a"));
});

test("draws keep their bounds and reach them", () => {
  const random = randomStream(3);
  const faces = Array.from({ length: 600 }, () => random.between(1, 6));
  assert.deepEqual([...new Set(faces)].sort(), [1, 2, 3, 4, 5, 6]);
  const units = Array.from({ length: 600 }, () => random.unit());
  assert.ok(units.every((unit) => unit >= 0 && unit < 1 && Number.isInteger(unit * 2 ** 24)));
  const order = random.shuffled([1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(order.toSorted(), [1, 2, 3, 4, 5, 6, 7, 8]);
});
