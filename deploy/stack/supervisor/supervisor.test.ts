import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { LocalStackError } from "../errors.ts";
import { openHome } from "../home.ts";
import { Ports } from "../network/ports.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { ProcessDescription } from "./process-description.ts";
import { identityOf, isRunning } from "./process-identity.ts";
import { Supervisor } from "./supervisor.ts";

const IDLE = "setInterval(() => {}, 1000)";

/** A supervisor in a fresh home, with its log lines and a way to await one. */
async function createSupervisor() {
  const home = await openHome(temporaryFolder());
  const lines: string[] = [];
  const waiting: { pattern: RegExp; done: () => void }[] = [];
  const supervisor = new Supervisor(home, (line) => {
    lines.push(line);
    for (const { pattern, done } of waiting) if (pattern.test(line)) done();
  });
  const said = (pattern: RegExp): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push({ pattern, done: resolve });
    return promise;
  };
  return { home, lines, supervisor, said };
}

/**
 * A Node program that runs `code` and then writes the file `NAME.ready` in the folder, which
 * makes it ready.
 */
function program(name: string, folder: string, code: string): ProcessDescription {
  const file = join(folder, `${name}.ready`);
  const whole = `${code}; require("node:fs").writeFileSync(${JSON.stringify(file)}, String(process.pid));`;
  return {
    name,
    command: process.execPath,
    args: ["-e", whole],
    cwd: folder,
    env: {},
    ready: async () => existsSync(file),
  };
}

test("processes are stopped in the reverse order of starting, and leave no record", async () => {
  const { home, supervisor } = await createSupervisor();
  const folder = temporaryFolder();
  const log = join(folder, "order");
  const leave = (name: string) =>
    `process.on("SIGTERM", () => { require("node:fs").appendFileSync(${JSON.stringify(log)}, "${name} "); process.exit(); }); ${IDLE}`;
  for (const name of ["database", "service", "member"]) {
    await supervisor.start(program(name, folder, leave(name)));
  }
  assert.equal(readdirSync(home.folder("processes")).length, 3);
  await supervisor.stop();
  assert.equal(readFileSync(log, "utf8"), "member service database ");
  assert.deepEqual(readdirSync(home.folder("processes")), []);
});

test("a second request to stop waits for what the first is stopping", async () => {
  const { home, supervisor } = await createSupervisor();
  const folder = temporaryFolder();
  const slowly = `process.on("SIGTERM", () => setTimeout(() => process.exit(), 200)); ${IDLE}`;
  const started = await Promise.all(
    ["database", "service"].map((name) => supervisor.start(program(name, folder, slowly))),
  );
  const pids = started.map((process) => process.pid() ?? assert.fail());
  const first = supervisor.stop();
  await supervisor.stop();
  assert.deepEqual(pids.map(identityOf), [null, null]);
  assert.deepEqual(readdirSync(home.folder("processes")), []);
  await first;
});

test("a process that is killed is started again", async () => {
  const { supervisor, said } = await createSupervisor();
  const folder = temporaryFolder();
  const service = await supervisor.start(program("service", folder, IDLE));
  const first = service.pid();
  assert.ok(first !== undefined);
  const back = said(/service is back/);
  process.kill(first, "SIGKILL");
  await back;
  assert.notEqual(service.pid(), first);
  await supervisor.stop();
});

test("a process that ends with code 0 is done", async () => {
  const { supervisor } = await createSupervisor();
  const member = await supervisor.start(program("member", temporaryFolder(), ""));
  await member.ended;
  assert.equal(member.pid(), undefined);
  await supervisor.stop();
});

test("a process that ends with a final exit code is not started again, and its last words are told", async () => {
  const { supervisor, lines } = await createSupervisor();
  const folder = temporaryFolder();
  const code = 'process.on("SIGTERM", () => { console.error("no such owner"); process.exit(2); })';
  const member = await supervisor.start({
    ...program("member", folder, `${code}; ${IDLE}`),
    finalExitCodes: [2],
  });
  process.kill(member.pid() ?? assert.fail(), "SIGTERM");
  assert.deepEqual(await member.ended, { kind: "failed", code: 2, lastWords: "no such owner" });
  assert.equal(member.pid(), undefined);
  assert.deepEqual(lines, ["member ended with code 2 and is not started again: no such owner"]);
  await supervisor.stop();
});

test("a process that runs and does not answer any more is ended and started again", {
  timeout: 60_000,
}, async () => {
  const { supervisor, said } = await createSupervisor();
  const folder = temporaryFolder();
  const [port] = [await new Ports().take({ purpose: "a test" })];
  const listen = `await new Promise((done) => require("node:http")
    .createServer((_, response) => response.end()).listen(${port}, "127.0.0.1", done))`;
  const server = await supervisor.start({
    ...program("server", folder, ""),
    args: ["-e", `(async () => { ${listen}; console.log("ready"); })()`],
    ready: async (written) => written.includes("ready"),
    liveness: {
      check: (signal) => fetch(`http://127.0.0.1:${port}/`, { signal }),
      intervalMs: 500,
      failures: 2,
    },
  });
  const first = server.pid() ?? assert.fail();
  const back = said(/server is back/);
  process.kill(first, "SIGSTOP");
  await back;
  assert.notEqual(server.pid(), first);
  assert.equal(identityOf(first), null);
  await supervisor.stop();
});

test("a process that cannot start is reported with the end of its log", async () => {
  const { supervisor, home } = await createSupervisor();
  const description = {
    ...program("service", temporaryFolder(), ""),
    args: ["-e", 'console.error("no such table: rounds"); process.exit(3)'],
    ready: async () => false,
  };
  await assert.rejects(supervisor.start(description), (error: unknown) => {
    assert.ok(error instanceof LocalStackError && error.code === "process-failed");
    assert.match(error.message, /service ended before it was ready[\s\S]*no such table: rounds/);
    return true;
  });
  assert.match(readFileSync(home.file("logs", "service.log"), "utf8"), /no such table/);
});

test("a command that does not exist is reported", async () => {
  const { supervisor } = await createSupervisor();
  const description = {
    ...program("service", temporaryFolder(), ""),
    command: "/nonexistent/command",
  };
  await assert.rejects(supervisor.start(description), /service ended before it was ready/);
});

test("a process that ignores the request to end is killed", async () => {
  const { supervisor } = await createSupervisor();
  const service = await supervisor.start({
    ...program("service", temporaryFolder(), `process.on("SIGTERM", () => {}); ${IDLE}`),
    stopTimeoutMs: 100,
  });
  const identity = identityOf(service.pid() ?? 0);
  assert.ok(identity !== null);
  await supervisor.stop();
  assert.equal(isRunning(identity), false);
});

test("of two processes that prefer one port the slower gets another, even if the faster has left", async () => {
  const { supervisor } = await createSupervisor();
  const folder = temporaryFolder();
  const preferred = await new Ports().take({ purpose: "a test" });
  const rival = createServer((socket) => {
    rival.close();
    socket.end();
  });
  /** Where it cannot listen it has the rival go, and ends only then. */
  const listeningOn = (port: number): ProcessDescription => {
    const file = join(folder, `${port}.ready`);
    const code = `const { connect, createServer } = require("node:net");
      const leave = (error) => {
        console.error(error);
        connect(${port}, "127.0.0.1").resume().on("close", () => process.exit(1));
      };
      const ready = () => require("node:fs").writeFileSync(${JSON.stringify(file)}, "");
      createServer().on("error", leave).listen(${port}, "127.0.0.1", ready);`;
    return {
      ...program("service", folder, ""),
      args: ["-e", code],
      ready: async () => existsSync(file),
    };
  };
  const ports = new Ports();
  const given = await supervisor.startOnPort(ports, { purpose: "a test", preferred }, (port) => {
    // Between the look whether the port is free and the start.
    if (port === preferred) rival.listen({ port, host: "127.0.0.1", exclusive: true });
    return listeningOn(port);
  });
  assert.notEqual(given, preferred);
  assert.ok(await ports.isFree(preferred));
  await supervisor.stop();
});

test("what a killed supervisor left running is ended by the next one, and nothing else", async () => {
  const { home, supervisor, lines } = await createSupervisor();
  home.close();
  const ready = join(temporaryFolder(), "left.ready");
  const abandon = `
    const { openHome } = await import(${JSON.stringify(import.meta.resolve("../home.ts"))});
    const { Supervisor } = await import(${JSON.stringify(import.meta.resolve("./supervisor.ts"))});
    const { existsSync } = await import("node:fs");
    const home = await openHome(${JSON.stringify(home.path)});
    const left = await new Supervisor(home, () => {}).start({
      name: "left", command: process.execPath, cwd: "/", env: {},
      args: ["-e", 'require("node:fs").writeFileSync(${JSON.stringify(ready)}, ""); setInterval(() => {}, 1000)'],
      ready: async () => existsSync(${JSON.stringify(ready)}),
    });
    console.log(left.pid());
    setInterval(() => {}, 1000);`;
  const killed = spawn(process.execPath, ["--input-type=module", "-e", abandon], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [data] = await once(killed.stdout, "data");
  const left = identityOf(Number(String(data)));
  assert.ok(left !== null);
  killed.kill("SIGKILL");
  await once(killed, "exit");
  assert.ok(isRunning(left));

  const again = await openHome(home.path);
  await supervisor.endStale();
  assert.equal(isRunning(left), false);
  assert.match(lines.join("\n"), new RegExp(`Ending left \\(process ${left.pid}\\)`));
  again.close();
});
