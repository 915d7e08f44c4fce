import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PlenaryError, toHex } from "@plenary/protocol";
import type { BlobStore } from "../../store/blobs/index.ts";
import { PlayedFederation } from "../../testing/bench/played-federation.ts";
import { openWorkbench, type Workbench } from "../../testing/bench/workbench.ts";

let bench: Workbench;
before(async () => {
  bench = await openWorkbench();
});
after(() => bench.close());

test("a round that cannot be computed is tried again until its end, and is then void", async () => {
  const played = await PlayedFederation.found(bench, "full disk");
  const write = () => Promise.reject(new PlenaryError("storage-full", "The disk is full."));
  const { context } = bench;
  played.worker = bench.worker({ ...context, blobs: { ...context.blobs, write } });
  await played.upload(1n);
  for (let attempt = 0; attempt < 2; attempt++) {
    await assert.rejects(played.work(), { code: "storage-full" });
    assert.equal((await played.round()).state, "closing");
  }
  bench.ledger.time = ((await played.round()).opened?.commitBy ?? 0) + 1_000;
  await played.work();
  const { state, voidReason } = await played.round();
  assert.deepEqual([state, voidReason], ["void", "The round was not committed in time."]);
  assert.equal(await played.statusOnChain(1n), "void");
  assert.equal((await played.round(2n)).state, "collecting");
});

test("a round that can be computed again before its end is committed", async () => {
  const played = await PlayedFederation.found(bench, "disk with space");
  const write = () => Promise.reject(new PlenaryError("storage-full", "The disk is full."));
  const { context } = bench;
  played.worker = bench.worker({ ...context, blobs: { ...context.blobs, write } });
  await played.upload(1n);
  await assert.rejects(played.work(), { code: "storage-full" });
  played.worker = bench.worker();
  await played.work();
  assert.equal((await played.round()).state, "committed");
});

test("a round with a lost payload is tried again until its end, and is then void", async () => {
  const played = await PlayedFederation.found(bench, "lost payload");
  const { context } = bench;
  const payloads = new Set<string>();
  const read: BlobStore["read"] = (hash) =>
    payloads.has(toHex(hash))
      ? Promise.reject(new PlenaryError("not-found", "The payload is lost."))
      : context.blobs.read(hash);
  played.worker = bench.worker({ ...context, blobs: { ...context.blobs, read } });
  await played.upload(1n);
  for (const { payload_hash } of await context.store.updates.standing(await played.round()))
    payloads.add(toHex(payload_hash));
  assert.equal(payloads.size, 3);
  const { opened } = await played.round();
  assert.ok(opened);
  bench.ledger.time = opened.deadlineAt + 1_000;
  await assert.rejects(played.advance(), { code: "not-found" });
  assert.equal((await played.round()).state, "closing");
  bench.ledger.time = opened.commitBy + 1_000;
  await played.advance();
  assert.equal((await played.round()).state, "void");
});
