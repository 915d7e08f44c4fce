import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { PlenaryError, sha256, toHex } from "@plenary/protocol";
import { fileError, writeDurably } from "../files/index.ts";
import { type BlobSource, openBlobSource } from "../verification/index.ts";
import { KeptBlobs, type KeptBlobsOptions } from "./kept-blobs.ts";

const BLOBS = ["one", "two", "three"].map((text) => new TextEncoder().encode(text));
const [ONE, TWO, THREE] = BLOBS.map((bytes) => sha256(bytes)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const NOWHERE: BlobSource = {
  async download() {
    throw new PlenaryError("not-found", "It is withdrawn.");
  },
};

/** Has the three blobs, and records what it is asked for. */
function service(): { source: BlobSource; asked: string[] } {
  const asked: string[] = [];
  const source: BlobSource = {
    async download(hash) {
      asked.push(toHex(hash));
      return BLOBS.find((bytes) => toHex(sha256(bytes)) === toHex(hash)) ?? assert.fail();
    },
  };
  return { source, asked };
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-kept-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "blobs");
}

function open(
  folder: string,
  source: BlobSource,
  change: Partial<KeptBlobsOptions> = {},
): Promise<KeptBlobs> {
  const onFailure = (error: Error) => assert.fail(error);
  return KeptBlobs.open({ folder, source, known: new Set(), onFailure, ...change });
}

test("bytes are downloaded once and outlast the source, for the watch and as a mirror", async (t) => {
  const folder = await folderOf(t);
  const { source, asked } = service();
  const kept = await open(folder, source);
  for (const hash of [ONE, ONE, TWO]) await kept.download(hash);
  await Promise.all([kept.download(THREE), kept.download(THREE)]);
  assert.deepEqual([...new Set(asked)].sort(), [ONE, TWO, THREE].map(toHex).sort());
  assert.equal(asked.filter((name) => name === toHex(ONE)).length, 1);
  assert.deepEqual((await readdir(folder)).sort(), [ONE, TWO, THREE].map(toHex).sort());
  const again = await open(folder, NOWHERE);
  for (const [i, hash] of [ONE, TWO, THREE].entries())
    for (const mirror of [again, openBlobSource(folder)])
      assert.deepEqual(new Uint8Array(await mirror.download(hash)), BLOBS[i]);
});

test("bytes that are damaged on disk are downloaded again", async (t) => {
  const folder = await folderOf(t);
  const { source } = service();
  await (await open(folder, source)).download(ONE);
  await writeFile(join(folder, toHex(ONE)), "other");
  await assert.rejects((await open(folder, NOWHERE)).download(ONE), { code: "not-found" });
  await (await open(folder, source)).download(ONE);
  assert.equal(await readFile(join(folder, toHex(ONE)), "utf8"), "one");
});

test("a round claims what it used and what a killed process left; half a file is not a blob", async (t) => {
  const folder = await folderOf(t);
  const { source } = service();
  const killed = await open(folder, source);
  for (const hash of [ONE, TWO]) await killed.claiming.download(hash);
  await writeFile(join(folder, `${toHex(THREE)}.writing`), "th");
  const next = await open(folder, source, { known: new Set([toHex(ONE)]) });
  assert.deepEqual(await readdir(folder), [ONE, TWO].map(toHex).sort());
  assert.deepEqual(next.claim(), [toHex(TWO)]);
  await next.claiming.download(ONE);
  // What an earlier round's dispute reads belongs to that round.
  await next.download(TWO);
  assert.deepEqual(next.claim(), [toHex(ONE)]);
  assert.deepEqual(next.claim(), []);
});

test("forgotten bytes are deleted, unless they are in use again", async (t) => {
  const folder = await folderOf(t);
  const kept = await open(folder, service().source);
  for (const hash of [ONE, TWO]) await kept.claiming.download(hash);
  kept.claim();
  await kept.claiming.download(TWO);
  await kept.forget([ONE, TWO, THREE].map(toHex));
  assert.deepEqual(await readdir(folder), [toHex(TWO)]);
});

test("on a full disk bytes are handed on with one warning, and kept again when there is space", async (t) => {
  const folder = await folderOf(t);
  let isFull = true;
  const said: string[] = [];
  const kept = await open(folder, service().source, {
    onFailure: ({ message }) => said.push(message),
    async write(path, bytes) {
      const cause = Object.assign(new Error("no space"), { code: "ENOSPC" });
      if (isFull) throw fileError(path, "Cannot write", cause);
      await writeDurably(path, bytes);
    },
  });
  for (const hash of [ONE, TWO]) assert.ok((await kept.download(hash)).length > 0);
  assert.deepEqual(await readdir(folder), []);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", new RegExp(`${toHex(ONE)} \\(the disk is full\\)`));
  isFull = false;
  await kept.download(ONE);
  assert.deepEqual(await readdir(folder), [toHex(ONE)]);
  isFull = true;
  await kept.download(THREE);
  assert.equal(said.length, 2);
});
