import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LocalStackError } from "./errors.ts";
import { openHome } from "./home.ts";
import { temporaryFolder } from "./testing/temporary-folder.ts";

const MODULE = JSON.stringify(import.meta.resolve("./home.ts"));

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof LocalStackError && error.code === code;
}

/** A process that opens the home and does `then`; resolves when it has said so. */
async function holderOf(path: string, then: string) {
  const program = `const { openHome } = await import(${MODULE});
    const home = await openHome(${JSON.stringify(path)}); ${then}; console.log("open"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

test("a home is created for its owner alone, with its folders", async () => {
  const path = join(temporaryFolder(), "new", "home");
  const home = await openHome(path);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(home.folder("keys")).mode & 0o777, 0o700);
  assert.equal(home.file("logs", "a.log"), join(path, "logs", "a.log"));
  home.close();
  assert.deepEqual(readdirSync(path).sort(), ["keys", "lock.db", "logs", "plenary-home.json"]);
});

test("a home in use is refused, naming the process, and free again after close", async () => {
  const path = temporaryFolder();
  const home = await openHome(path);
  await assert.rejects(openHome(path), (error: unknown) => {
    assert.ok(hasCode("home-in-use")(error));
    assert.match(String(error), new RegExp(`process ${process.pid} runs there`));
    return true;
  });
  home.close();
  (await openHome(path)).close();
});

test("the home of a process that was killed is free", async () => {
  const path = temporaryFolder();
  const holder = await holderOf(path, "");
  await assert.rejects(openHome(path), hasCode("home-in-use"));
  holder.kill("SIGKILL");
  await once(holder, "exit");
  (await openHome(path)).close();
});

test("what a killed process wrote of itself, whole or damaged, does not keep others out", async () => {
  const path = temporaryFolder();
  (await openHome(path)).close();
  const note = join(path, "lock.json");
  for (const left of [JSON.stringify({ pid: process.pid, stopping: false }), '{"pid": 1']) {
    writeFileSync(note, left);
    const home = await openHome(path);
    assert.deepEqual(JSON.parse(readFileSync(note, "utf8")), {
      pid: process.pid,
      stopping: false,
    });
    home.close();
    assert.equal(existsSync(note), false);
  }
});

test("a start waits for one that is shutting down", { timeout: 30_000 }, async () => {
  const path = temporaryFolder();
  const closing = join(temporaryFolder(), "closing");
  const close = `require("node:fs").writeFileSync(${JSON.stringify(closing)}, "")`;
  const holder = await holderOf(
    path,
    `const { createRequire } = await import("node:module"); const require = createRequire("/");
     home.markStopping();
     process.on("SIGTERM", () => { ${close}; home.close(); process.exit(); })`,
  );
  const waiting = openHome(path);
  holder.kill("SIGTERM");
  const home = await waiting;
  assert.ok(existsSync(closing), "the home was opened before its holder let go of it");
  await assert.rejects(openHome(path), hasCode("home-in-use"));
  home.close();
});

test("of many starts at once exactly one gets the home", async () => {
  const path = temporaryFolder();
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => openHome(path)));
  const homes = results.filter((result) => result.status === "fulfilled");
  assert.equal(homes.length, 1);
  const refusals = results.filter((result) => result.status === "rejected");
  assert.ok(refusals.every(({ reason }) => hasCode("home-in-use")(reason)));
  homes[0]?.value.close();
});

test("a folder with other files in it is refused", async () => {
  const path = temporaryFolder();
  writeFileSync(join(path, "thesis.txt"), "");
  await assert.rejects(openHome(path), hasCode("home-foreign"));
});

test("a folder that cannot be written is refused, saying what to do", async () => {
  const path = temporaryFolder();
  writeFileSync(join(path, "file"), "");
  await assert.rejects(openHome(join(path, "file", "home")), (error: unknown) => {
    assert.ok(hasCode("home-unwritable")(error));
    assert.match(String(error), /ENOTDIR.*set PLENARY_HOME/);
    return true;
  });
});

test("an ordinary user is refused a read-only folder", async () => {
  const path = join(temporaryFolder(), "read-only");
  mkdirSync(path, { mode: 0o500 });
  // Root may write anywhere, so a process of root's becomes another user first.
  const program = `const { openHome } = await import(${MODULE});
    if (process.geteuid() === 0) { process.setgid(65532); process.setuid(65532); }
    await openHome(${JSON.stringify(path)}).catch((error) => console.log(error.code));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [data] = await once(child.stdout, "data");
  assert.equal(String(data).trim(), "home-unwritable");
});
