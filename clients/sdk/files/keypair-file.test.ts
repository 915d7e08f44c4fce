import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Keypair } from "@solana/web3.js";
import { createKeypair, readKeypair } from "./keypair-file.ts";

async function folderOf(t: { after(work: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-keys-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test("a new keypair is read back, is readable by its owner only, and is never overwritten", async (t) => {
  const path = join(await folderOf(t), "key.json");
  const made = await createKeypair(path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual((await readKeypair(path)).secretKey, made.secretKey);
  await assert.rejects(createKeypair(path), { code: "file-unreadable", message: /exists already/ });
});

test("a file that others can read or change is refused", async (t) => {
  const path = join(await folderOf(t), "key.json");
  await createKeypair(path);
  for (const mode of [0o640, 0o604, 0o620, 0o601, 0o644, 0o777]) {
    await chmod(path, mode);
    await assert.rejects(readKeypair(path), { code: "file-permissions", message: /chmod 600/ });
  }
  await chmod(path, 0o400);
  await readKeypair(path);
});

test("any other file is refused without showing its content", async (t) => {
  const path = join(await folderOf(t), "key.json");
  const secret = Array.from(Keypair.generate().secretKey);
  const altered = [...secret.slice(0, 32), ...Array.from(Keypair.generate().secretKey).slice(32)];
  for (const [content, expected] of [
    ["", /not valid JSON/],
    [`${JSON.stringify(secret).slice(0, -1)}`, /not valid JSON/],
    [JSON.stringify({ secret }), /not a JSON array/],
    [JSON.stringify(secret.slice(0, 32)), /32 entries, not 64/],
    [JSON.stringify([...secret.slice(1), 256]), /not a byte/],
    [JSON.stringify([...secret.slice(1), "1"]), /not a byte/],
    [JSON.stringify(altered), /public key does not belong/],
  ] as const) {
    await writeFile(path, content, { mode: 0o600 });
    await assert.rejects(readKeypair(path), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, expected);
      assert.ok(!error.message.includes(secret.slice(0, 4).join(",")));
      return true;
    });
  }
  await assert.rejects(readKeypair(join(path, "..", "none.json")), {
    code: "file-unreadable",
    message: /no such file/,
  });
});
