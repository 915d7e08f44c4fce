import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { temporaryFolder } from "../testing/test-node.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";

const MODULE = JSON.stringify(import.meta.resolve("./folder-lock.ts"));
const REPETITIONS = 12;

interface Starter {
  readonly child: ChildProcess;
  /**
   * Tries to take the folder, and keeps it. Resolves with "held" or the holder's note as JSON.
   */
  tryLock(): Promise<string>;
}

/** A process that tries to take the folder each time it is asked. */
async function starter(folder: string): Promise<Starter> {
  const program = `import { createInterface } from "node:readline";
    const { lockFolder } = await import(${MODULE});
    let lock;
    console.log("up");
    for await (const _ of createInterface({ input: process.stdin })) {
      lock = lockFolder(${JSON.stringify(folder)});
      console.log("holder" in lock ? JSON.stringify(lock.holder) : "held");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, "up");
  return {
    child,
    async tryLock() {
      child.stdin.write("\n");
      return String((await lines.next()).value);
    },
  };
}

function held(folder: string): FolderLock {
  const lock = lockFolder(folder);
  assert.ok(!("holder" in lock));
  return lock;
}

test("of two starters that find a dead holder's lock exactly one gets the folder, every time", {
  timeout: 60_000,
}, async (t) => {
  const folder = temporaryFolder();
  const starters = [await starter(folder), await starter(folder)];
  t.after(() => {
    for (const { child } of starters) child.kill("SIGKILL");
  });
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const answers = await Promise.all(starters.map((each) => each.tryLock()));
    const winner = answers.indexOf("held");
    const loser = answers[1 - winner] ?? "";
    assert.notEqual(winner, -1, answers.join());
    assert.notEqual(loser, "held");
    // The winner dies and is the dead holder of the next repetition.
    const { child } = starters[winner] ?? assert.fail();
    child.kill("SIGKILL");
    await once(child, "exit");
    starters[winner] = await starter(folder);
  }
});

test("a second taker is told the holder's process and whether it is stopping", () => {
  const folder = temporaryFolder();
  const lock = held(folder);
  assert.deepEqual(lockFolder(folder), { holder: { pid: process.pid, stopping: false } });
  lock.note({ pid: process.pid, stopping: true });
  assert.deepEqual(lockFolder(folder), { holder: { pid: process.pid, stopping: true } });
  writeFileSync(join(folder, "lock.json"), '{"pid": 1');
  assert.deepEqual(lockFolder(folder), { holder: null });
  lock.release();
  held(folder).release();
});

test("a folder that cannot be written is refused with the system's code", async () => {
  const folder = temporaryFolder();
  assert.throws(() => lockFolder(join(folder, "missing")), { code: "ENOENT" });
  chmodSync(folder, 0o555);
  // Root may write anywhere, so a process of root's becomes another user first.
  const program = `const { lockFolder } = await import(${MODULE});
    if (process.geteuid() === 0) { process.setgid(65532); process.setuid(65532); }
    try { lockFolder(${JSON.stringify(folder)}); } catch (error) { console.log(error.code); }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [data] = await once(child.stdout, "data");
  assert.equal(String(data).trim(), "EACCES");
});
