import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../testing/test-node.ts";
import { Ledger } from "./ledger.ts";

function open(folder: string, limits = { segmentBytes: 1_000_000, historyBytes: 1_000_000 }) {
  return Ledger.open({ folder, genesisTime: 1_800_000_000_000, ...limits, onFailure: assert.fail });
}

test("a ledger keeps its identity, and tells what came after the snapshot from what came before", async (_t) => {
  const folder = temporaryFolder();
  const { ledger, contents } = await open(folder);
  assert.deepEqual(contents, { snapshot: null, before: [], after: [], tornBytes: 0 });
  ledger.append(Buffer.from("one"), () => {});
  ledger.snapshot(Buffer.from("state after one"));
  ledger.append(Buffer.from("two"), () => {});
  await ledger.durable();
  ledger.append(Buffer.from("three"), () => {});
  await ledger.close();
  const again = await open(folder);
  assert.deepEqual(again.ledger.identity, ledger.identity);
  assert.equal(String(again.contents.snapshot), "state after one");
  assert.deepEqual(again.contents.before.map(String), ["one"]);
  assert.deepEqual(again.contents.after.map(String), ["two", "three"]);
  await again.ledger.close();
  const identity = statSync(join(folder, "ledger.json")).mode & 0o777;
  assert.equal(identity, 0o600);
});

test("two ledgers differ in everything that makes them", async (_t) => {
  const first = await open(temporaryFolder());
  const second = await open(temporaryFolder());
  for (const field of ["genesisHash", "seed", "faucet"] as const)
    assert.notEqual(first.ledger.identity[field], second.ledger.identity[field]);
  await first.ledger.close();
  await second.ledger.close();
});

test("a torn end is cut off and counted", async (_t) => {
  const folder = temporaryFolder();
  const { ledger } = await open(folder);
  ledger.append(Buffer.from("kept"), () => {});
  await ledger.close();
  writeFileSync(join(folder, "journal-0"), "torn", { flag: "a" });
  const { ledger: again, contents } = await open(folder);
  assert.deepEqual(contents.after.map(String), ["kept"]);
  assert.equal(contents.tornBytes, 4);
  await again.close();
});

test("old snapshots go, and old journals once they exceed the bound", async (_t) => {
  const folder = temporaryFolder();
  const { ledger } = await open(folder, { segmentBytes: 500, historyBytes: 2_000 });
  for (let i = 0; i < 100; i++) {
    ledger.append(Buffer.alloc(100, i + 1), () => {});
    if (ledger.wantsSnapshot) ledger.snapshot(Buffer.from(`state ${i}`));
    await ledger.durable();
  }
  await ledger.close();
  const files = readdirSync(folder);
  assert.equal(files.filter((name) => name.startsWith("snapshot-")).length, 1);
  const bytes = files
    .map((name) => statSync(join(folder, name)).size)
    .reduce((sum, size) => sum + size, 0);
  assert.ok(bytes < 4_000, `${bytes} bytes`);
  const { ledger: again, contents } = await open(folder);
  const kept = [...contents.before, ...contents.after].map((entry) => entry[0]!);
  assert.equal(kept.at(-1), 100);
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, i) => 100 - kept.length + 1 + i),
  );
  await again.close();
});

test("a folder in use is refused, naming the process, until it is closed", async (_t) => {
  const folder = temporaryFolder();
  const { ledger } = await open(folder);
  await assert.rejects(open(folder), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(`process ${process.pid}.*stop it, or set PLENARY_LOCALNET_LEDGER`),
    );
    return "code" in error && error.code === "ledger-in-use";
  });
  await ledger.close();
  const again = await open(folder);
  assert.deepEqual(again.ledger.identity, ledger.identity);
  await again.ledger.close();
});

test("a folder that cannot be used, and damaged files, are refused by name", async (_t) => {
  const folder = temporaryFolder();
  const file = join(folder, "file");
  writeFileSync(file, "");
  await assert.rejects(open(join(file, "ledger")), { code: "ledger-unwritable" });
  await assert.rejects(open(file), { code: "ledger-unwritable" });

  const damaged = join(folder, "damaged");
  const { ledger } = await open(damaged);
  ledger.snapshot(Buffer.from("state"));
  await ledger.close();
  const snapshot = readFileSync(join(damaged, "snapshot-1"));
  snapshot[snapshot.length - 1] = snapshot.at(-1)! ^ 1;
  writeFileSync(join(damaged, "snapshot-1"), snapshot);
  await assert.rejects(open(damaged), { code: "ledger-damaged" });
  writeFileSync(join(damaged, "ledger.json"), "{}");
  await assert.rejects(open(damaged), {
    code: "ledger-damaged",
    message: /ledger\.json is damaged/,
  });
});
