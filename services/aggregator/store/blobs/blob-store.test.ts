import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { sha256, toHex } from "@plenary/protocol";
import fc from "fast-check";
import { type BlobStore, type Files, folderBlobStore, nodeFiles } from "./index.ts";

const folders: string[] = [];
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "plenary-blobs-"));
  folders.push(folder);
  return folder;
}
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What every kind of blob store must do. */
function describeBlobStore(name: string, open: () => Promise<BlobStore>): void {
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

    test("keeps nothing of what is not what was announced", async () => {
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

    test("takes the same bytes several times at once", async () => {
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

describeBlobStore("file", () => folderBlobStore(temporaryFolder()));

describe("blobs in a folder", () => {
  test("leave no half-received file behind, and are found by the next process", async () => {
    const folder = temporaryFolder();
    const blobs = await folderBlobStore(folder);
    const hash = await blobs.write(randomBytes(10));
    await assert.rejects(blobs.receive(chunkThenFail(), { hash, limit: 10 }));
    assert.deepEqual(readdirSync(join(folder, "incoming")), []);
    assert.equal(await (await folderBlobStore(folder)).size(hash), 10);
  });

  test("remove what a killed process had half received, and nothing that a running one receives", async () => {
    const folder = temporaryFolder();
    const incoming = join(folder, "incoming");
    const blobs = await folderBlobStore(folder);
    let resume: () => void = () => {};
    const paused = new Promise<void>((resolve) => (resume = resolve));
    const bytes = randomBytes(10);
    const source = (async function* () {
      yield bytes.subarray(0, 5);
      await paused;
      yield bytes.subarray(5);
    })();
    const received = blobs.receive(source, { hash: sha256(bytes), limit: 10 });
    while (readdirSync(incoming).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const [name = ""] = readdirSync(incoming);
    const ended = spawnSync(process.execPath, ["-e", ""]).pid;
    const byPid = (pid: number) => name.replace(`-${process.pid}-`, `-${pid}-`);
    const elsewhere = byPid(ended).replace(/^[0-9a-f]{8}/, (machine) =>
      (machine === "00000000" ? "1" : "0").repeat(8),
    );
    for (const file of [byPid(ended), byPid(process.ppid), elsewhere])
      writeFileSync(join(incoming, file), "");
    await folderBlobStore(folder);
    assert.deepEqual(readdirSync(incoming).sort(), [name, byPid(process.ppid), elsewhere].sort());
    resume();
    assert.equal(await received, 10);
  });

  test("make the name of bytes that are there already survive a power cut too", async () => {
    const folder = temporaryFolder();
    const calls: string[] = [];
    const files: Files = {
      ...nodeFiles,
      async syncFolder(path) {
        await nodeFiles.syncFolder(path);
        calls.push(path);
      },
    };
    const blobs = await folderBlobStore(folder, files);
    // As a process leaves it that is killed between the rename and the sync of the name.
    const bytes = randomBytes(10);
    writeFileSync(join(folder, toHex(sha256(bytes))), bytes);
    await blobs.write(bytes);
    assert.deepEqual(calls, [folder]);
  });

  test("say which folder cannot be written, and why", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    await assert.rejects(folderBlobStore(join(folder, "file")), {
      code: "file-permissions",
      message: /PLENARY_BLOBS/,
    });
    const blobs = await folderBlobStore(join(folder, "blobs"));
    rmSync(join(folder, "blobs"), { recursive: true });
    assert.equal((await blobs.problem())?.code, "file-permissions");
    mkdirSync(join(folder, "blobs", "incoming"), { recursive: true });
    assert.equal(await blobs.problem(), undefined);
  });
});

async function* chunkThenFail() {
  yield new Uint8Array(5);
  throw new Error("cut off");
}
