import assert from "node:assert/strict";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { LocalnetError } from "../errors.ts";
import { temporaryFolder } from "../testing/test-node.ts";
import { Journal, readJournal } from "./journal.ts";

const entries = [Buffer.from("first"), Buffer.alloc(60, 7), Buffer.from("x"), Buffer.alloc(20)];

/** Offsets at which entries begin, and the end of the last. */
function boundaries(): number[] {
  const offsets = [8];
  for (const entry of entries) offsets.push(offsets.at(-1)! + 8 + entry.length);
  return offsets;
}

function journalAt(
  path: string,
  intactLength: number,
  onFailure: (error: LocalnetError) => void = assert.fail,
) {
  return new Journal({ path, intactLength, after: Promise.resolve(), onFailure });
}

async function written(_t: TestContext): Promise<{ path: string; bytes: Buffer }> {
  const path = join(temporaryFolder(), "journal");
  const journal = journalAt(path, 0);
  for (const entry of entries) journal.append(entry, () => {});
  await journal.close();
  return { path, bytes: readFileSync(path) };
}

test("entries come back in order, and their callbacks ran in order", async (_t) => {
  const path = join(temporaryFolder(), "journal");
  const journal = journalAt(path, 0);
  const told: number[] = [];
  for (let i = 0; i < 200; i++) {
    journal.append(Buffer.from(`entry ${i}`), () => told.push(i));
    if (i % 50 === 49) await journal.durable();
  }
  await journal.durable();
  assert.deepEqual(
    told,
    Array.from({ length: 200 }, (_, i) => i),
  );
  assert.equal(journal.length, readFileSync(path).length);
  await journal.close();
  assert.deepEqual(
    readJournal(readFileSync(path)).entries.map(String),
    told.map((i) => `entry ${i}`),
  );
});

test("cut at any byte, it keeps the entries that are whole and takes new ones", async (t) => {
  const { path, bytes } = await written(t);
  const ends = boundaries();
  for (let length = 0; length <= bytes.length; length++) {
    writeFileSync(path, bytes);
    truncateSync(path, length);
    const contents = readJournal(readFileSync(path));
    const whole = ends.filter((end) => end <= length).length - 1;
    assert.equal(contents.entries.length, Math.max(0, whole), `cut at ${length}`);
    const journal = journalAt(path, contents.intactLength);
    journal.append(Buffer.from("after the crash"), () => {});
    await journal.close();
    const again = readJournal(readFileSync(path));
    assert.deepEqual(again.entries.map(String), [
      ...entries.slice(0, Math.max(0, whole)).map(String),
      "after the crash",
    ]);
    assert.equal(again.intactLength, readFileSync(path).length);
  }
});

test("a flipped bit anywhere costs its entry and what follows, never an entry before it", async (t) => {
  const { bytes } = await written(t);
  const starts = boundaries();
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: bytes.length - 1 }),
      fc.integer({ min: 0, max: 7 }),
      (offset, bit) => {
        const damaged = Buffer.from(bytes);
        damaged[offset] = damaged[offset]! ^ (1 << bit);
        const whole = starts.filter((start) => start <= offset).length - 1;
        assert.deepEqual(readJournal(damaged).entries, entries.slice(0, whole));
      },
    ),
  );
});

test("zeros behind the last entry, as a file system leaves them after a crash, are not entries", async (t) => {
  const { bytes } = await written(t);
  const contents = readJournal(Buffer.concat([bytes, Buffer.alloc(100)]));
  assert.equal(contents.entries.length, entries.length);
  assert.equal(contents.intactLength, bytes.length);
});

test("a write that fails is reported once, and nothing is called durable afterwards", async (_t) => {
  const reported: LocalnetError[] = [];
  const path = join(temporaryFolder(), "journal");
  // The device that is always full.
  const journal = new Journal({
    path: process.platform === "linux" ? "/dev/full" : path,
    intactLength: 0,
    after: process.platform === "linux" ? Promise.resolve() : Promise.reject(new Error("ENOSPC")),
    onFailure: (error) => reported.push(error),
  });
  let durable = false;
  try {
    journal.append(Buffer.from("lost"), () => {
      durable = true;
    });
  } catch (error) {
    assert.ok(error instanceof LocalnetError);
  }
  await assert.rejects(journal.durable(), { code: "ledger-write-failed" });
  assert.throws(() => journal.append(Buffer.from("refused"), () => {}), {
    code: "ledger-write-failed",
  });
  await assert.rejects(journal.close(), { code: "ledger-write-failed" });
  assert.equal(durable, false);
  assert.equal(reported.length, 1);
});
