import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { Client } from "pg";
import { LocalStackError } from "../errors.ts";
import { type Home, openHome } from "../home.ts";
import { Ports } from "../network/ports.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { openDatabase } from "./postgres.ts";

const UNNAMED = 54_321;
const INDEX = JSON.stringify(import.meta.resolve("../index.ts"));

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

describe("the built-in PostgreSQL", () => {
  // The folder is closed to other users, and so to the one as which root runs PostgreSQL.
  const path = join(temporaryFolder(), "home");
  let home: Home;
  let supervisor: Supervisor;
  let url: string;
  let onLine: (line: string) => void = () => undefined;

  const open = async (): Promise<void> => {
    home = await openHome(path);
    supervisor = new Supervisor(home, (line) => onLine(line));
    await supervisor.endStale();
    url = await openDatabase({
      url: undefined,
      home,
      supervisor,
      ports: new Ports(),
      log: () => undefined,
    });
  };
  const close = async (): Promise<void> => {
    await supervisor.stop();
    home.close();
  };
  before(open);
  after(close);

  test("answers, is durable and keeps its password from others", async () => {
    const settings = await withClient(url, async (client) => {
      await client.query("create table kept (n int)");
      await client.query("insert into kept values (1)");
      const { rows } = await client.query<{ name: string; setting: string }>(
        "select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'listen_addresses', 'server_version') order by name",
      );
      return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    });
    assert.equal(settings.fsync, "on");
    assert.equal(settings.synchronous_commit, "on");
    assert.equal(settings.listen_addresses, "127.0.0.1");
    assert.match(settings.server_version ?? "", /^18\./);
    assert.equal(statSync(home.file("postgres", "password")).mode & 0o777, 0o600);
    const wrong = new URL(url);
    wrong.password = "wrong";
    await assert.rejects(
      withClient(wrong.href, async () => undefined),
      /password authentication failed/,
    );
  });

  test("keeps its rows over a stop and a start", async () => {
    await close();
    await open();
    assert.equal(
      (await withClient(url, (client) => client.query("select n from kept"))).rowCount,
      1,
    );
  });

  test("comes back with every committed row after kill -9", async () => {
    const back = Promise.withResolvers<void>();
    onLine = (line) => line.includes("postgres is back") && back.resolve();
    const { pid } = await withClient(url, async (client) => {
      await client.query("insert into kept values (2)");
      const { rows } = await client.query<{ pid: string }>(
        "select pg_read_file('postmaster.pid') as pid",
      );
      return { pid: Number(rows[0]?.pid.split("\n")[0]) };
    });
    process.kill(pid, "SIGKILL");
    await back.promise;
    assert.equal(
      (await withClient(url, (client) => client.query("select n from kept"))).rowCount,
      2,
    );
  });
});

test("a DATABASE_URL that does not answer is refused without telling its password", async () => {
  const home = await openHome(temporaryFolder());
  const settings = {
    home,
    supervisor: new Supervisor(home, () => undefined),
    ports: new Ports(),
    log: () => undefined,
  };
  const url = "postgresql://someone:secret@127.0.0.1:9/plenary";
  await assert.rejects(openDatabase({ ...settings, url }), (error: unknown) => {
    assert.ok(error instanceof LocalStackError && error.code === "database-unavailable");
    assert.match(error.message, /ECONNREFUSED/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  home.close();
});

test("a user id without a name is refused in a sentence before anything is created", async () => {
  const path = join(temporaryFolder(), "home");
  // Root becomes such a user; another user cannot.
  if (process.geteuid?.() !== 0) return;
  mkdirSync(path);
  chownSync(path, UNNAMED, UNNAMED);
  chmodSync(dirname(path), 0o755);
  const program = `process.setgid(${UNNAMED}); process.setuid(${UNNAMED});
    const { Ports, Supervisor, openDatabase, openHome } = await import(${INDEX});
    const home = await openHome(${JSON.stringify(path)});
    const supervisor = new Supervisor(home, () => undefined);
    const settings = { url: undefined, home, supervisor, ports: new Ports(), log() {} };
    await openDatabase(settings).catch((error) => console.log(error.code, error.message));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = await text(child.stdout);
  assert.match(said, /^platform-unsupported The user id 54321 has no name.*set DATABASE_URL/);
});
