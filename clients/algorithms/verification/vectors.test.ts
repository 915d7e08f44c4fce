import assert from "node:assert/strict";
import { test } from "node:test";
import { CHUNK_LENGTH } from "@plenary/protocol";
import fc from "fast-check";
import { vectorFixture } from "../testing/round-fixture.ts";
import { chunkProof, findVectorDifference, wrongChunk } from "./index.ts";

test("an altered integer anywhere names exactly its chunk and parameter", () => {
  const length = fc.integer({ min: 1, max: 1000 });
  fc.assert(
    fc.property(length, fc.nat(), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (size, at, change) => {
      const right = vectorFixture("right", size, 2 ** 30);
      const parameter = at % size;
      const wrong = right.slice();
      wrong[parameter] = (right[parameter] ?? 0) ^ change;
      const found = findVectorDifference(wrong, right);
      const chunk = Math.floor(parameter / CHUNK_LENGTH);
      assert.deepEqual(found, {
        chunk,
        parameter,
        published: wrong[parameter],
        computed: right[parameter],
      });
      const finding = wrongChunk("next model", found, size);
      assert.equal(finding.kind === "chunk" && finding.chunk, chunk);
      // Nothing before it differs: a dispute of an earlier chunk would be lost.
      for (let i = 0; i < chunk; i++)
        assert.deepEqual(chunkProof(wrong, i).values, chunkProof(right, i).values);
    }),
  );
});

test("a finding says in plain words what is wrong where", () => {
  const right = new Int32Array(25_545);
  const wrong = right.slice();
  right[19_921] = 513;
  wrong[19_921] = 512;
  const found = findVectorDifference(wrong, right);
  assert.ok(found);
  assert.equal(
    wrongChunk("next model", found, right.length).text,
    "chunk 311 of the next model (parameters 19904 to 19967): parameter 19921 is 512, the updates give 513",
  );
});

test("padding with zeros makes no difference, anything else beyond the end does", () => {
  assert.equal(findVectorDifference(Int32Array.of(1, 0, 0), Int32Array.of(1)), null);
  assert.equal(findVectorDifference(Int32Array.of(1, 0, 3), Int32Array.of(1))?.parameter, 2);
});
