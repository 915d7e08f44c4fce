import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  auditPath,
  differingLeaves,
  EMPTY_ROOT,
  leafHash,
  merkleRoot,
  rootFromPath,
  verifyInclusion,
} from "./merkle.ts";

const leafList = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 70 });

test("every leaf of every tree is proved by its audit path, at its index only", () => {
  fc.assert(
    fc.property(leafList, fc.nat(), (leaves, pick) => {
      const hashes = leaves.map(leafHash);
      const root = merkleRoot(hashes);
      const index = pick % leaves.length;
      const path = auditPath(hashes, index);
      assert.ok(verifyInclusion(root, hashes[index]!, index, leaves.length, path));
      for (let other = 0; other < leaves.length; other++) {
        const same = Buffer.compare(Buffer.from(hashes[other]!), Buffer.from(hashes[index]!)) === 0;
        if (other !== index && !same)
          assert.ok(!verifyInclusion(root, hashes[index]!, other, leaves.length, path));
      }
    }),
  );
});

test("a proof with one bit changed, one hash more or one fewer proves nothing", () => {
  fc.assert(
    fc.property(leafList, fc.nat(), fc.nat(), fc.nat({ max: 255 }), (leaves, pick, where, bit) => {
      const hashes = leaves.map(leafHash);
      const root = merkleRoot(hashes);
      const index = pick % leaves.length;
      const path = auditPath(hashes, index);
      assert.ok(!verifyInclusion(root, hashes[index]!, index, leaves.length, [...path, root]));
      if (path.length === 0) return;
      assert.ok(!verifyInclusion(root, hashes[index]!, index, leaves.length, path.slice(1)));
      const altered = path.map((hash) => Uint8Array.from(hash));
      altered[where % path.length]![bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(!verifyInclusion(root, hashes[index]!, index, leaves.length, altered));
    }),
  );
});

test("a path from another tree narrows down which leaves differ, and finds none where all are equal", () => {
  fc.assert(
    fc.property(
      leafList,
      fc.nat(),
      fc.array(fc.nat(), { maxLength: 3 }),
      (leaves, pick, places) => {
        const own = leaves.map(leafHash);
        const index = pick % own.length;
        const changed = new Set(places.map((place) => place % own.length));
        const other = own.map((hash, i) => (changed.has(i) ? leafHash(hash) : hash));
        const found = differingLeaves(own, index, auditPath(other, index));
        changed.delete(index);
        assert.equal(found === null, changed.size === 0);
        if (found === null) return;
        assert.ok([...changed].some((i) => found.from <= i && i < found.to));
        const nearer = [...changed].filter((i) => i < found.from || i >= found.to);
        // At least the next power of two apart: else the path would have shown it lower down.
        for (const i of nearer) assert.ok((i ^ index) >= found.to - found.from);
      },
    ),
  );
  assert.throws(
    () => differingLeaves([leafHash(Uint8Array.of(1))], 0, [EMPTY_ROOT]),
    /wrong number/,
  );
});

test("an inner node is not accepted as a leaf", () => {
  const hashes = [1, 2, 3, 4].map((n) => leafHash(Uint8Array.of(n)));
  const left = merkleRoot(hashes.slice(0, 2));
  const right = merkleRoot(hashes.slice(2));
  const forged = new Uint8Array(64);
  forged.set(left);
  forged.set(right, 32);
  assert.ok(!verifyInclusion(merkleRoot(hashes), leafHash(forged), 0, 1, []));
});

test("an index outside the tree is named", () => {
  const leaf = leafHash(Uint8Array.of(1));
  assert.throws(() => rootFromPath(leaf, 3, 3, []), /no leaf 3 in a tree of 3/);
  assert.throws(() => auditPath([leaf], -1), /no leaf -1/);
});
