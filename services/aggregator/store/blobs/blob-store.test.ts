import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { sha256, toHex } from "@plenary/protocol";
import { type Files, folderBlobStore, nodeFiles } from "./index.ts";
import { blobStoreSuite } from "./testing/blob-store-suite.ts";

const folders: string[] = [];
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "plenary-blobs-"));
  folders.push(folder);
  return folder;
}
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

blobStoreSuite("file", () => folderBlobStore(temporaryFolder()));

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

  test("make the name of bytes that exist already survive a power cut, too", async () => {
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
    // The state that a process leaves that is killed between the rename and the sync of the name.
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
