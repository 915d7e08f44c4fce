import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createPrivately, writeDurably } from "./index.ts";

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-files-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test("a file is replaced whole, with the mode asked for", async (t) => {
  const path = join(await folderOf(t), "model.onnx");
  await writeDurably(path, "first", 0o644);
  await writeDurably(path, Uint8Array.of(1, 2, 3), 0o644);
  assert.deepEqual(new Uint8Array(await readFile(path)), Uint8Array.of(1, 2, 3));
  assert.equal((await stat(path)).mode & 0o777, 0o644);
});

test("a private file is made once", async (t) => {
  const path = join(await folderOf(t), "answers.bundle");
  await createPrivately(path, "first");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await assert.rejects(createPrivately(path, "second"), {
    code: "file-unreadable",
    message: /exists already/,
  });
  assert.equal(await readFile(path, "utf8"), "first");
});

/** Writes in a process whose files may not grow beyond 4 kB, as on a disk that fills up. */
function writeWithoutSpace(write: string, path: string): string {
  const script = `import { ${write} } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
    await ${write}(${JSON.stringify(path)}, new Uint8Array(1e6)).catch((error) => console.log(error.message));`;
  const node = [process.execPath, "--input-type=module-typescript", "-e", script];
  const limited = spawnSync("sh", ["-c", 'ulimit -f 8; exec "$@"', "sh", ...node], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(limited.status, 0, limited.stderr);
  return limited.stdout;
}

test("without space the old file stays, or no file: nothing is cut off", async (t) => {
  const folder = await folderOf(t);
  const path = join(folder, "model.onnx");
  await writeFile(path, "old");
  assert.match(writeWithoutSpace("writeDurably", path), /Cannot write: .*model\.onnx \(.*size/);
  assert.equal(await readFile(path, "utf8"), "old");
  assert.match(writeWithoutSpace("createPrivately", join(folder, "new")), /Cannot write: .*new \(/);
  assert.deepEqual(await readdir(folder), ["model.onnx"]);
});
