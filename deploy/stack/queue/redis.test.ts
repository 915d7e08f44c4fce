import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { LocalStackError } from "../errors.ts";
import { openHome } from "../home.ts";
import { Ports } from "../network/ports.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { openQueue, type QueueSettings, whyUnavailable } from "./redis.ts";

async function settingsFor(
  log: (line: string) => void,
): Promise<Omit<QueueSettings, "url" | "searchPath">> {
  const home = await openHome(temporaryFolder());
  return { home, supervisor: new Supervisor(home, log), ports: new Ports(), log };
}

/** One command to a Redis whose password is in the URL; resolves with its last answer. */
function ask(url: string, command: string): Promise<string> {
  const { port, password } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () =>
      socket.write(`AUTH ${password}\r\n${command}\r\nQUIT\r\n`),
    );
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

test("the Redis on PATH is started, wants its password, and comes back after kill -9", async () => {
  const back = Promise.withResolvers<void>();
  const settings = await settingsFor((line) => line.includes("redis is back") && back.resolve());
  const url = await openQueue({ ...settings, url: undefined, searchPath: process.env.PATH ?? "" });
  assert.ok(
    url !== null,
    "redis-server or valkey-server must be installed to test the queue on Redis",
  );
  const open = new URL(url);
  open.password = "";
  assert.match((await whyUnavailable(open.href)) ?? "", /NOAUTH/);
  assert.match(await ask(url, "CONFIG GET appendonly"), /appendonly\r\n\$3\r\nyes/);
  const pid = /process_id:(\d+)/.exec(await ask(url, "INFO server"))?.[1];
  process.kill(Number(pid), "SIGKILL");
  await back.promise;
  assert.equal(await whyUnavailable(url), null);
  await settings.supervisor.stop();
  settings.home.close();
});

test("without a Redis the queue is PostgreSQL's, and the log says so", async () => {
  const lines: string[] = [];
  const settings = await settingsFor((line) => lines.push(line));
  assert.equal(await openQueue({ ...settings, url: undefined, searchPath: "" }), null);
  assert.match(lines.join("\n"), /no redis-server or valkey-server on PATH; using PostgreSQL/);
  settings.home.close();
});

test("a REDIS_URL that does not answer is refused", async () => {
  const settings = await settingsFor(() => undefined);
  await assert.rejects(
    openQueue({ ...settings, url: "redis://127.0.0.1:9", searchPath: "" }),
    (error: unknown) => error instanceof LocalStackError && error.code === "queue-unavailable",
  );
  settings.home.close();
});
