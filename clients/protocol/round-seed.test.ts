import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { roundSeed } from "./round-seed.ts";

test("a round's seed hashes base root, number and slot hash in that order", () => {
  const baseRoot = new Uint8Array(32).fill(1);
  const slotHash = new Uint8Array(32).fill(2);
  const number = Buffer.from("0807060504030201", "hex");
  const expected = createHash("sha256").update(baseRoot).update(number).update(slotHash).digest();
  assert.deepEqual(Buffer.from(roundSeed(baseRoot, 0x0102030405060708n, slotHash)), expected);
});
