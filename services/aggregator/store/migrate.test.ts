import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Client } from "pg";
import { startDatabase } from "../testing/stack/database.ts";
import { repositoryFile } from "../testing/stack/processes.ts";
import { migrate } from "./migrate.ts";

describe("migrations", () => {
  const folder = mkdtempSync(join(tmpdir(), "plenary-migrations-"));
  const names = readdirSync(repositoryFile("migrations"))
    .map((file) => file.replace(/\.sql$/, ""))
    .sort();
  let database: Awaited<ReturnType<typeof startDatabase>>;

  before(async () => {
    database = await startDatabase(folder);
  });
  after(async () => {
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Tables, columns, constraints, indexes, functions and triggers of the service's schema. */
  async function describeSchema(): Promise<unknown> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const queries = [
      "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'migrations' ORDER BY 1, 2",
      "SELECT conrelid::regclass::text AS name, pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'migrations' ORDER BY 1, 2",
      "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'migrations' ORDER BY 1",
      "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
      "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    ];
    const parts = [];
    for (const query of queries) parts.push((await client.query(query)).rows);
    await client.end();
    return parts;
  }

  test("go up, twice at the same time, and change nothing the second time", async () => {
    const [first, second] = await Promise.all([migrate(database.url), migrate(database.url)]);
    assert.deepEqual([...first, ...second].sort(), names);
    assert.deepEqual(await migrate(database.url), []);
  });

  test("each goes down and up again to the same schema, and all down leave nothing", async () => {
    const whole = await describeSchema();
    for (let count = 1; count <= names.length; count++) {
      assert.deepEqual(await migrate(database.url, "down", count), names.slice(-count).reverse());
      if (count === names.length) assert.deepEqual(await describeSchema(), [[], [], [], [], []]);
      assert.deepEqual(await migrate(database.url), names.slice(-count));
      assert.deepEqual(await describeSchema(), whole);
    }
  });

  test("are plain SQL, numbered without gaps, with both directions", () => {
    for (const [i, name] of names.entries()) {
      assert.match(name, new RegExp(`^${String(i + 1).padStart(4, "0")}_[a-z_]+$`));
      const text = readFileSync(repositoryFile(`migrations/${name}.sql`), "utf8");
      assert.ok(text.startsWith("-- Up Migration\n") && text.includes("\n-- Down Migration\n"));
    }
  });

  test("say so when there is no database", async () => {
    await assert.rejects(migrate("postgresql://nobody:nothing@127.0.0.1:1/none"), {
      code: "database-unavailable",
    });
  });
});
