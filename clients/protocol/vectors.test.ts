import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
  auditPath,
  decodeEnvelope,
  decodeOwnerAdmission,
  decodeReceipt,
  decodeRewardLeaf,
  decodeUpdateLeaf,
  deltaOf,
  EMPTY_ROOT,
  encodeEnvelope,
  encodeOwnerAdmission,
  encodeReceipt,
  encodeRewardLeaf,
  encodeUpdateLeaf,
  envelopeHash,
  fromHex,
  leafHash,
  merkleRoot,
  rootFromPath,
  toFixedPoint,
  toHex,
  vectorRoot,
} from "./index.ts";

function vectors<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../test/vectors/${name}.json`, import.meta.url), "utf8"),
  ) as T;
}

const HASHES = new Set([
  "genesisHash",
  "programId",
  "federation",
  "member",
  "baseRoot",
  "payloadHash",
  "deltaRoot",
  "checkpointRoot",
  "envelopeHash",
  "owner",
]);
const NUMBERS = new Set(["codec", "payloadLength", "weight", "reason"]);

/** A vector's text fields as the codec's types. */
function fields(entry: Record<string, string>): never {
  const out: Record<string, Uint8Array | number | bigint> = {};
  for (const [key, text] of Object.entries(entry)) {
    if (key === "bytes" || key === "hash") continue;
    out[key] = HASHES.has(key) ? fromHex(text, 32) : NUMBERS.has(key) ? Number(text) : BigInt(text);
  }
  return out as never;
}

test("real numbers become the fixed-point integers of the vectors", () => {
  const { real, deltas } = vectors<{
    real: { value: number; fixed: number }[];
    deltas: { base: number; after: number; delta: number }[];
  }>("fixed-point");
  assert.deepEqual(
    [...toFixedPoint(Float64Array.from(real, (r) => r.value))],
    real.map((r) => r.fixed),
  );
  for (const { base, after, delta } of deltas)
    assert.equal(deltaOf(Int32Array.of(base), Float32Array.of(after))[0], delta);
});

test("trees, audit paths and vector roots agree with the recursive definition of RFC 6962", () => {
  const {
    empty,
    trees,
    vectors: vectorCases,
  } = vectors<{
    empty: string;
    trees: { leaves: string[]; root: string; paths: { index: number; path: string[] }[] }[];
    vectors: { vector: number[]; root: string }[];
  }>("merkle");
  assert.equal(toHex(EMPTY_ROOT), empty);
  for (const tree of trees) {
    const hashes = tree.leaves.map((leaf) => leafHash(fromHex(leaf)));
    assert.equal(toHex(merkleRoot(hashes)), tree.root);
    for (const { index, path } of tree.paths) {
      assert.deepEqual(auditPath(hashes, index).map(toHex), path);
      const implied = rootFromPath(
        hashes[index]!,
        index,
        hashes.length,
        path.map((hash) => fromHex(hash)),
      );
      assert.equal(toHex(implied), tree.root);
    }
  }
  for (const { vector, root } of vectorCases)
    assert.equal(toHex(vectorRoot(Int32Array.from(vector))), root);
});

test("leaves encode to the vectors and back", () => {
  const { updates, rewards } =
    vectors<Record<"updates" | "rewards", Record<string, string>[]>>("leaves");
  for (const entry of updates) {
    const bytes = encodeUpdateLeaf(fields(entry));
    assert.equal(toHex(bytes), entry.bytes);
    assert.equal(toHex(leafHash(bytes)), entry.hash);
    assert.deepEqual(decodeUpdateLeaf(bytes), fields(entry));
  }
  for (const entry of rewards) {
    const bytes = encodeRewardLeaf(fields(entry));
    assert.equal(toHex(bytes), entry.bytes);
    assert.deepEqual(decodeRewardLeaf(bytes), fields(entry));
  }
});

test("envelopes, receipts and admissions encode to the vectors and back", () => {
  const { envelopes, receipts, admissions } =
    vectors<Record<"envelopes" | "receipts" | "admissions", Record<string, string>[]>>("envelope");
  for (const entry of envelopes) {
    const bytes = encodeEnvelope(fields(entry));
    assert.equal(toHex(bytes), entry.bytes);
    assert.equal(toHex(envelopeHash(bytes)), entry.hash);
    assert.deepEqual(decodeEnvelope(bytes), fields(entry));
  }
  for (const entry of receipts) {
    const bytes = encodeReceipt(fields(entry));
    assert.equal(toHex(bytes), entry.bytes);
    assert.deepEqual(decodeReceipt(bytes), fields(entry));
  }
  for (const entry of admissions) {
    const bytes = encodeOwnerAdmission(fields(entry));
    assert.equal(toHex(bytes), entry.bytes);
    assert.deepEqual(decodeOwnerAdmission(bytes), fields(entry));
  }
});
