import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Connection, Keypair } from "@solana/web3.js";
import { fileError, writeDurably } from "../files/index.ts";
import { openWatchState } from "./watch-state.ts";

const FEDERATION = {
  connection: new Connection("http://127.0.0.1:9"),
  program: Keypair.generate().publicKey,
  address: Keypair.generate().publicKey,
  genesisHash: new Uint8Array(32).fill(1),
};

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-watch-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("a change that a full disk refused is written with the next one", async (t) => {
  const folder = await folderOf(t);
  let isFull = false;
  const state = await openWatchState(folder, FEDERATION, async (path, text) => {
    const cause = Object.assign(new Error("no space"), { code: "ENOSPC" });
    if (isFull) throw fileError(path, "Cannot write", cause);
    await writeDurably(path, text);
  });
  await state.change(() => ({ next: "4" }));
  isFull = true;
  await assert.rejects(
    state.change(() => ({ wrong: ["4"] })),
    { code: "file-unreadable", message: /the disk is full/ },
  );
  assert.deepEqual(state.record.wrong, ["4"]);
  isFull = false;
  await state.change(() => ({ next: "5" }));
  await state.close();
  const { record } = await openWatchState(folder, FEDERATION);
  assert.deepEqual([record.next, record.wrong], ["5", ["4"]]);
});

test("a folder of an earlier version is read, and another federation's is refused", async (t) => {
  const folder = await folderOf(t);
  const first = await openWatchState(folder, FEDERATION);
  await first.change(() => ({ next: "7" }));
  await first.close();
  const path = join(folder, "watch.json");
  const { kept: _, ...earlier } = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify(earlier));
  const second = await openWatchState(folder, FEDERATION);
  assert.deepEqual([second.isNew, second.record.next, second.record.kept], [false, "7", undefined]);
  await second.close();
  const other = { ...FEDERATION, address: Keypair.generate().publicKey };
  await assert.rejects(openWatchState(folder, other), {
    code: "conflict",
    message: /another federation/,
  });
});
