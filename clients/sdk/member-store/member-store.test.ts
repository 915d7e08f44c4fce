import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { equalBytes, toHex } from "@plenary/protocol";
import { type Outcome, openMemberStore, readStoredRound } from "./index.ts";
import { IDENTITY, updateOf } from "./testing/updates.ts";

const DOOMED = join(import.meta.dirname, "testing/doomed-member.ts");
const RECEIPT = { receipt: "AAAA", signature: "AAAA", aggregator: IDENTITY.member };

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-member-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("an update, its receipt and the optimiser's state come back after the folder is opened again", async (t) => {
  const folder = await folderOf(t);
  const first = await openMemberStore(folder, IDENTITY);
  const update = updateOf(7n, 1n);
  const prepared = await first.prepare(update);
  assert.equal(prepared.receipt, null);
  await first.acknowledge(7n, RECEIPT);
  await first.settle(7n, "counted");
  await first.close();
  const second = await openMemberStore(folder, IDENTITY);
  t.after(() => second.close());
  assert.deepEqual(second.seed, first.seed);
  const record = await second.latest();
  assert.ok(record);
  assert.deepEqual(record, { ...prepared, receipt: RECEIPT, outcome: "counted" });
  const payload = await second.payload(record);
  assert.ok(payload && equalBytes(payload, update.payload));
  assert.deepEqual(await second.optimizerState(record), update.optimizerState);
});

test("a second envelope with a sequence that was used is refused, a higher one replaces it", async (t) => {
  const store = await openMemberStore(await folderOf(t), IDENTITY);
  t.after(() => store.close());
  await store.prepare(updateOf(1n, 3n));
  for (const sequence of [3n, 2n])
    await assert.rejects(store.prepare(updateOf(1n, sequence, 1)), { code: "equivocation" });
  await store.prepare(updateOf(1n, 3n));
  assert.equal((await store.prepare(updateOf(1n, 4n, 1))).sequence, "4");
  await store.prepare(updateOf(2n, 1n));
});

test("finds what was trained on a base, also after later rounds", async (t) => {
  const store = await openMemberStore(await folderOf(t), IDENTITY);
  t.after(() => store.close());
  const onBase = (round: bigint, baseRoot: string) => {
    const update = updateOf(round, 1n);
    return store.prepare({ ...update, record: { ...update.record, baseRoot } });
  };
  await onBase(1n, "aa".repeat(32));
  await onBase(2n, "bb".repeat(32));
  await onBase(9n, "bb".repeat(32));
  await onBase(10n, "cc".repeat(32));
  assert.equal((await store.onBase("aa".repeat(32)))?.round, "1");
  assert.equal((await store.onBase("bb".repeat(32)))?.round, "9");
  assert.equal(await store.onBase("dd".repeat(32)), null);
});

test("old payloads are cleared away, records are kept", async (t) => {
  const folder = await folderOf(t);
  const store = await openMemberStore(folder, IDENTITY);
  t.after(() => store.close());
  for (let round = 1n; round <= 12n; round += 1n) await store.prepare(updateOf(round, 1n));
  assert.equal((await readdir(join(folder, "rounds"))).length, 12);
  assert.equal((await readdir(join(folder, "blobs"))).length, 6);
  const old = await store.record(1n);
  assert.ok(old);
  assert.equal(await store.payload(old), null);
  assert.equal((await store.latest())?.round, "12");
});

test("states are those of the last update that counts, however many did not since", async (t) => {
  const store = await openMemberStore(await folderOf(t), IDENTITY);
  t.after(() => store.close());
  const stateOf = (round: bigint) => [[], [Int32Array.of(Number(round), -1)]];
  const keep = async (round: bigint, outcome: Outcome) => {
    await store.prepare({ ...updateOf(round, 1n), pipelineState: stateOf(round) });
    await store.settle(round, outcome);
  };
  const states = async () => {
    const record = await store.lastCounted();
    if (record === null) return null;
    const optimizer = await store.optimizerState(record);
    return [record.round, optimizer?.step, await store.pipelineState(record)];
  };
  await keep(1n, "refused");
  assert.equal(await states(), null);
  await keep(2n, "counted");
  for (const [i, outcome] of (["refused", "void", "missed", "void", "refused"] as const).entries())
    await keep(BigInt(3 + i), outcome);
  assert.deepEqual(await states(), ["2", 2, stateOf(2n)]);
  await keep(8n, "counted");
  assert.deepEqual(await states(), ["8", 8, stateOf(8n)]);
  // A committed round became void, so that its update does not count after all.
  await store.settle(8n, "void");
  assert.equal((await store.lastCounted())?.round, "2");
});

test("after a base, updates that were counted or refused become void, and nothing else changes", async (t) => {
  const store = await openMemberStore(await folderOf(t), IDENTITY);
  t.after(() => store.close());
  const before = ["counted", "refused", "counted", "refused", "missed", "omitted", "void"] as const;
  for (const [i, outcome] of before.entries()) {
    await store.prepare(updateOf(BigInt(8 + i), 1n));
    await store.settle(BigInt(8 + i), outcome);
  }
  await store.prepare(updateOf(15n, 1n));
  await store.voidAfter(9n);
  const after = [];
  for (let round = 8n; round <= 15n; round += 1n) after.push((await store.record(round))?.outcome);
  assert.deepEqual(after, [...before.slice(0, 2), "void", "void", ...before.slice(4), null]);
  assert.equal((await store.lastCounted())?.round, "8");
});

test("a training that may be audited is kept whole, read beside its owner, and cleared away with its round", async (t) => {
  const folder = await folderOf(t);
  const store = await openMemberStore(folder, IDENTITY);
  t.after(() => store.close());
  const training = (round: number) => ({
    commitment: Uint8Array.of(1, round),
    checkpoints: [1, 2, 3].map((number) => Uint8Array.of(round, number)),
  });
  for (let round = 1; round <= 5; round += 1)
    await store.prepare({
      ...updateOf(BigInt(round), 1n),
      optimizerState: undefined,
      training: training(round),
    });
  for (const round of [3, 4, 5]) {
    const stored = await readStoredRound(folder, BigInt(round));
    assert.ok(stored);
    for (const kept of [stored.training, await store.training(stored.record)])
      assert.deepEqual(kept?.checkpoints.map(toHex), training(round).checkpoints.map(toHex));
    assert.deepEqual(stored.training?.commitment, training(round).commitment);
  }
  assert.equal((await readStoredRound(folder, 2n))?.training, undefined);
  assert.equal(await readStoredRound(folder, 9n), null);
  await store.prepare(updateOf(6n, 1n));
  const plain = await store.record(6n);
  assert.ok(plain);
  assert.equal(await store.training(plain), undefined);
});

test("a folder of another member, in use, damaged or not writable is refused", async (t) => {
  const folder = await folderOf(t);
  const store = await openMemberStore(folder, IDENTITY);
  await assert.rejects(openMemberStore(folder, IDENTITY), {
    code: "conflict",
    message: new RegExp(`in use by process ${process.pid}`),
  });
  await store.close();
  await assert.rejects(openMemberStore(folder, { ...IDENTITY, member: IDENTITY.federation }), {
    code: "conflict",
    message: /another member/,
  });
  await assert.rejects(openMemberStore(folder, { ...IDENTITY, genesisHash: "33".repeat(32) }), {
    code: "conflict",
    message: /another federation/,
  });
  await writeFile(join(folder, "member.json"), "{");
  await assert.rejects(openMemberStore(folder, IDENTITY), {
    code: "invalid-input",
    message: /damaged/,
  });
  const file = join(folder, "file");
  await writeFile(file, "");
  await assert.rejects(openMemberStore(join(file, "state"), IDENTITY), { code: "file-unreadable" });
});

test("a lock that a killed process left behind is taken over", async (t) => {
  const folder = await folderOf(t);
  const script = `import { openMemberStore } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))};
    await openMemberStore(${JSON.stringify(folder)}, ${JSON.stringify(IDENTITY)});
    process.stdout.write("open"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script]);
  await once(child.stdout, "data");
  await assert.rejects(openMemberStore(folder, IDENTITY), { code: "conflict" });
  child.kill("SIGKILL");
  await once(child, "exit");
  const store = await openMemberStore(folder, IDENTITY);
  await store.close();
});

/** Number of the member's calls to the file system when nothing kills it. */
function countCalls(folder: string, moment: string): number {
  const { stdout, stderr } = spawnSync(process.execPath, [DOOMED, folder, "0", moment], {
    encoding: "utf8",
  });
  const [, calls] = /done (\d+)/.exec(stdout) ?? [];
  assert.ok(calls, stderr);
  return Number(calls);
}

for (const moment of ["before", "after"] as const)
  test(`killed ${moment} any call to the file system, nothing that was promised is lost`, async (t) => {
    const calls = countCalls(await folderOf(t), moment);
    assert.ok(calls > 50);
    // Every third call, shifted between the two moments: together they cover the calls, and the
    // test stays short.
    for (let call = moment === "before" ? 1 : 2; call <= calls; call += 3) {
      const folder = await folderOf(t);
      const child = spawnSync(process.execPath, [DOOMED, folder, String(call), moment], {
        encoding: "utf8",
      });
      assert.equal(child.signal, "SIGKILL", child.stderr);
      await checkAfterDeath(folder, child.stdout);
    }
  });

async function checkAfterDeath(folder: string, said: string): Promise<void> {
  const store = await openMemberStore(folder, IDENTITY, new Uint8Array(32).fill(8));
  for (const round of [1n, 2n]) {
    const record = await store.record(round);
    if (said.includes(`prepared ${round}`)) assert.ok(record, `round ${round}`);
    if (said.includes(`acknowledged ${round}`)) assert.ok(record?.receipt);
    if (said.includes(`settled ${round}`)) assert.equal(record?.outcome, "counted");
    if (record === null) continue;
    // A record that is there is whole: everything that it names can be sent again without training.
    const update = updateOf(round, 1n);
    const payload = await store.payload(record);
    assert.ok(payload && equalBytes(payload, update.payload));
    assert.deepEqual(await store.optimizerState(record), update.optimizerState);
    await assert.rejects(store.prepare(updateOf(round, 1n, 1)), { code: "equivocation" });
  }
  await store.prepare(updateOf(3n, 1n));
  assert.equal((await store.latest())?.round, "3");
  await store.close();
}
