import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { lockFolder } from "./folder-lock.ts";

const MODULE = JSON.stringify(import.meta.resolve("./folder-lock.ts"));
const STARTERS = 5;
const REPETITIONS = 12;

interface Starter {
  readonly child: ChildProcess;
  /** Sends a line, and resolves with the line that answers. */
  ask(what: "lock" | "unlock"): Promise<string>;
}

/** A process that takes the folder and lets it go when it is told to. */
async function starter(t: TestContext, folder: string): Promise<Starter> {
  const program = `import { createInterface } from "node:readline";
    const { lockFolder } = await import(${MODULE});
    let unlock;
    console.log("up");
    for await (const line of createInterface({ input: process.stdin })) try {
      if (line === "lock") unlock = await lockFolder(${JSON.stringify(folder)});
      else await unlock();
      console.log(line === "lock" ? "held" : "free");
    } catch (error) { console.log(error.code + " " + error.message); }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, "up");
  return {
    child,
    async ask(what) {
      child.stdin.write(`${what}\n`);
      return String((await lines.next()).value);
    },
  };
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "plenary-lock-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The text that a process leaves which died while it held the folder. */
function deadHolder(): string {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  return `${pid} 1\n`;
}

test("of many starters on a dead holder's folder one gets it, every time, and is named", {
  timeout: 120_000,
}, async (t) => {
  const folder = folderOf(t);
  const starters = await Promise.all(Array.from({ length: STARTERS }, () => starter(t, folder)));
  writeFileSync(join(folder, "lock"), deadHolder());
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    const answers = await Promise.all(starters.map((each) => each.ask("lock")));
    const winner = starters[answers.indexOf("held")] ?? assert.fail(answers.join("\n"));
    const refusals = answers.filter((answer) => answer !== "held");
    assert.equal(refusals.length, STARTERS - 1);
    const refused = new RegExp(`^conflict .* in use by process ${winner.child.pid}\\.`);
    for (const refusal of refusals) assert.match(refusal, refused);
    // Every sixth winner dies, and is the dead holder of the next repetition.
    if (repetition % 6 === 2) {
      winner.child.kill("SIGKILL");
      await once(winner.child, "exit");
      starters[starters.indexOf(winner)] = await starter(t, folder);
    } else assert.equal(await winner.ask("unlock"), "free");
  }
});

test("a process takes its folder once, and again after it let it go or lost the lock file", async (t) => {
  const folder = folderOf(t);
  const unlock = await lockFolder(folder);
  await assert.rejects(lockFolder(folder), { code: "conflict" });
  await unlock();
  assert.equal(readFileSync(join(folder, "lock"), "utf8"), "");
  rmSync(join(folder, "lock"));
  const again = await lockFolder(folder);
  await assert.rejects(lockFolder(folder), { code: "conflict" });
  await again();
});

const isLinux = process.platform === "linux";
test("a development snapshot's lock holds while its process runs", {
  skip: !isLinux,
}, async (t) => {
  const folder = folderOf(t);
  const path = join(folder, "lock");
  const own = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[19];
  writeFileSync(path, `${process.pid} ${own}\n`);
  await assert.rejects(lockFolder(folder), {
    code: "conflict",
    message: new RegExp(`in use by process ${process.pid}\\.`),
  });
  writeFileSync(path, `${process.pid} 1\n`);
  await (await lockFolder(folder))();
});
