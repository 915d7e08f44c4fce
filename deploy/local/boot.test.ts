/** boot.js on a small repository of its own: one workspace, so that `npm ci` has something to do and needs no network. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../stack/testing/temporary-folder.ts";

const BOOT = resolve(import.meta.dirname, "../../boot.js");

function smallRepository(): string {
  const root = temporaryFolder();
  const write = (path: string, content: unknown) =>
    writeFileSync(
      join(root, path),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  for (const folder of ["bench", "part"]) mkdirSync(join(root, folder));
  copyFileSync(BOOT, join(root, "boot.js"));
  const part = { name: "part", version: "1.0.0" };
  write("part/package.json", part);
  write("package.json", { name: "small", version: "1.0.0", type: "module", workspaces: ["part"] });
  write("package-lock.json", {
    name: "small",
    version: "1.0.0",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: "small", version: "1.0.0", workspaces: ["part"] },
      "node_modules/part": { resolved: "part", link: true },
      part: { version: "1.0.0" },
    },
  });
  write(
    "bench/echo.ts",
    "const words: string[] = process.argv.slice(2); console.log(words.join(' '));",
  );
  write("bench/fail.ts", "process.exit(7);");
  write(
    "bench/wait.ts",
    "process.on('SIGTERM', () => process.exit(3)); console.log('up'); setInterval(() => {}, 1000);",
  );
  return root;
}

function boot(root: string, args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["boot.js", ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { out: "", error: "" };
  child.stdout.on("data", (data: Buffer) => {
    output.out += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    output.error += data.toString();
  });
  const ended = once(child, "close").then(([code]) => ({ code, ...output }));
  return { child, ended };
}

test("the first call installs, the second does not, and arguments and exit codes pass through", async () => {
  const root = smallRepository();
  const first = await boot(root, ["bench", "echo", "a", "b"]).ended;
  assert.deepEqual([first.code, first.out], [0, "a b\n"], first.error);
  assert.match(first.error, /Installing packages[\s\S]*Installed in/);
  const second = await boot(root, ["bench", "fail"]).ended;
  assert.deepEqual([second.code, second.error], [7, ""]);
});

test("an install that is incomplete, or made for another lockfile, is repaired", async () => {
  const root = smallRepository();
  await boot(root, ["bench", "echo"]).ended;
  rmSync(join(root, "node_modules", "part"), { recursive: true });
  const repaired = await boot(root, ["bench", "echo"]).ended;
  assert.match(repaired.error, /Installed in/);
  assert.ok(existsSync(join(root, "node_modules", "part", "package.json")));
  rmSync(join(root, "node_modules", ".plenary-installed"));
  rmSync(join(root, "node_modules", ".package-lock.json"));
  assert.match((await boot(root, ["bench", "echo"]).ended).error, /Installed in/);
});

test("of two calls at once one installs, and a lock that was left behind does not hold up", async () => {
  const root = smallRepository();
  const lock = join(root, ".install-lock");
  mkdirSync(lock);
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock, longAgo, longAgo);
  const results = await Promise.all([1, 2].map(() => boot(root, ["bench", "echo", "x"]).ended));
  assert.deepEqual(
    results.map(({ code, out }) => [code, out]),
    [
      [0, "x\n"],
      [0, "x\n"],
    ],
    JSON.stringify(results),
  );
  assert.equal(results.filter(({ error }) => error.includes("Installed in")).length, 1);
  assert.ok(!existsSync(lock));
});

test("signals are handed on, and the script's way of ending is boot's", async () => {
  const { child, ended } = boot(smallRepository(), ["bench", "wait"]);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.equal((await ended).code, 3);
});

test("npm's failure is shown with what to do", async () => {
  const root = smallRepository();
  writeFileSync(
    join(root, "package.json"),
    JSON.stringify({ name: "small", dependencies: { absent: "1.0.0" } }),
  );
  const { code, error } = await boot(root, ["bench", "echo"], { npm_config_offline: "true" }).ended;
  assert.equal(code, 1);
  assert.match(error, /npm ci ended with code 1\. /);
});

test("unknown tasks, benchmarks and test files are named", async () => {
  const root = smallRepository();
  assert.match((await boot(root, ["dance"]).ended).error, /Usage: node boot\.js start\|test/);
  assert.match(
    (await boot(root, ["bench", "none"]).ended).error,
    /NAME is one of echo, fail, wait/,
  );
  const { code, error } = await boot(root, ["test", "nothing-like-it"]).ended;
  assert.equal(code, 1);
  assert.match(error, /No test file has nothing-like-it in its path/);
});
