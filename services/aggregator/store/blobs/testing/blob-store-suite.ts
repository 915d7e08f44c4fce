import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { sha256 } from "@plenary/protocol";
import fc from "fast-check";
import type { BlobStore } from "../index.ts";

/** What every kind of blob store must do. */
export function blobStoreSuite(name: string, open: () => Promise<BlobStore>): void {
  const collect = async (stream: AsyncIterable<Uint8Array>) => {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  async function* chunksOf(bytes: Uint8Array, size: number) {
    for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
  }

  describe(`blob store ${name}`, () => {
    test("keeps any bytes under their hash, however they come", async () => {
      const blobs = await open();
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 5_000 }),
          fc.integer({ min: 1, max: 900 }),
          async (bytes, size) => {
            const hash = sha256(bytes);
            const length = await blobs.receive(chunksOf(bytes, size), {
              hash,
              length: bytes.length,
              limit: 5_000,
            });
            assert.equal(length, bytes.length);
            assert.equal(await blobs.size(hash), bytes.length);
            assert.deepEqual(Buffer.from(await blobs.read(hash)), Buffer.from(bytes));
            assert.deepEqual(Buffer.from(await blobs.write(bytes)), Buffer.from(hash));
            assert.deepEqual(await collect(blobs.stream(hash)), Buffer.from(bytes));
          },
        ),
        { numRuns: 40 },
      );
    });

    test("serves ranges", async () => {
      const blobs = await open();
      const bytes = randomBytes(1_000);
      const hash = await blobs.write(bytes);
      assert.deepEqual(
        await collect(blobs.stream(hash, { start: 10, end: 19 })),
        bytes.subarray(10, 20),
      );
    });

    test("keeps nothing of bytes that are not the announced ones", async () => {
      const blobs = await open();
      const bytes = randomBytes(1_000);
      const hash = sha256(bytes);
      const receive = (
        body: Uint8Array,
        expected: { hash?: Uint8Array; length?: number; limit?: number },
      ) => blobs.receive(chunksOf(body, 100), { hash, limit: 2_000, ...expected });
      await assert.rejects(receive(bytes.subarray(1), { length: 1_000 }), {
        code: "payload-truncated",
      });
      await assert.rejects(receive(bytes, { length: 999 }), { code: "payload-too-large" });
      await assert.rejects(receive(bytes, { limit: 999 }), { code: "payload-too-large" });
      await assert.rejects(receive(bytes, { hash: sha256() }), { code: "payload-hash-mismatch" });
      async function* broken() {
        yield bytes.subarray(0, 500);
        throw new Error("the connection broke");
      }
      await assert.rejects(blobs.receive(broken(), { hash, limit: 2_000 }), /the connection broke/);
      assert.equal(await blobs.size(hash), undefined);
      await assert.rejects(blobs.read(hash), { code: "not-found" });
      assert.equal(await receive(bytes, {}), 1_000);
    });

    test("takes the same bytes several times at the same time", async () => {
      const blobs = await open();
      const bytes = randomBytes(10_000);
      const hash = sha256(bytes);
      await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          i % 2 === 0
            ? blobs.write(bytes)
            : blobs.receive(chunksOf(bytes, 999), { hash, limit: 10_000 }),
        ),
      );
      assert.deepEqual(Buffer.from(await blobs.read(hash)), bytes);
      assert.equal(await blobs.problem(), undefined);
    });
  });
}
