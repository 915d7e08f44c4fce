import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { Client, DatabaseError } from "pg";
import { startDatabase } from "../testing/stack/database.ts";
import { type Database, openDatabase } from "./database.ts";
import { isDatabaseUnavailable, isUniqueViolation } from "./database-errors.ts";
import { storeOn } from "./index.ts";
import { migrate } from "./migrate.ts";

describe("a database that cannot be used", () => {
  const folder = mkdtempSync(join(tmpdir(), "plenary-database-"));
  let started: Awaited<ReturnType<typeof startDatabase>>;
  let database: Database;
  let operator: Client;
  let name: string;

  before(async () => {
    started = await startDatabase(folder);
    await migrate(started.url);
    name = new URL(started.url).pathname.slice(1);
    // The operator works in another database, so its session survives.
    operator = new Client({ connectionString: started.url.replace(/[^/]*$/, "postgres") });
    await operator.connect();
    database = openDatabase(started.url, () => {});
  });
  after(async () => {
    await database.close();
    await operator.end();
    await started.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => use());

  const use = () =>
    storeOn(database.queries).nonces.use(new Uint8Array(32), crypto.randomUUID(), 1n);
  const endSessions = () =>
    operator.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [
      name,
    ]);
  const unavailable = { code: "database-unavailable" };
  /**
   * Every way to the database says so. Repositories throw PostgreSQL's errors, which routes tell
   * apart.
   */
  const assertUnavailable = async () => {
    await assert.rejects(use(), (error) => isDatabaseUnavailable(error));
    await assert.rejects(
      database.transaction((queries) =>
        storeOn(queries).nonces.use(new Uint8Array(32), crypto.randomUUID(), 1n),
      ),
      unavailable,
    );
    await assert.rejects(database.ping(), unavailable);
  };

  test("read-only, as after a failover to a standby: unavailable, and used again at once", async () => {
    await operator.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
    await endSessions();
    await assert.rejects(use());
    await assertUnavailable();
    await operator.query(`ALTER DATABASE "${name}" RESET default_transaction_read_only`);
    assert.ok(await use());
  });

  test("taking no connections: unavailable, and used again at once", async () => {
    await operator.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
    await endSessions();
    await assert.rejects(use());
    await assertUnavailable();
    await operator.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
    assert.ok(await use());
  });
});

test("codes are about the database or about the query", () => {
  const codeOf = (code: string) => Object.assign(new DatabaseError("", 0, "error"), { code });
  for (const code of ["08006", "25006", "28P01", "53100", "53300", "55000", "57P01", "58030"])
    assert.ok(isDatabaseUnavailable(codeOf(code)), code);
  for (const code of ["22P02", "23505", "25001", "40001", "42601", "55006", "57014"])
    assert.ok(!isDatabaseUnavailable(codeOf(code)), code);
  const refused = Object.assign(new Error(""), { code: "ECONNREFUSED" });
  assert.ok(isDatabaseUnavailable(new AggregateError([refused])));
  assert.ok(!isDatabaseUnavailable("no error"));
  assert.ok(isUniqueViolation(codeOf("23505")));
});
