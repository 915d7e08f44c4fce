import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createLog } from "../processes/service.ts";
import { startDatabase } from "../testing/stack/database.ts";
import { proxyTo } from "../testing/stack/proxy.ts";
import { openQueue } from "./queue.ts";

test("a queue in PostgreSQL whose first connection fails works when the database answers", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "plenary-queue-"));
  const database = await startDatabase(join(folder, "home"));
  const link = await proxyTo(database.url);
  t.after(async () => {
    await link.close();
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const refused = Promise.withResolvers<void>();
  const log = createLog("test", "silent");
  log.warn = () => refused.resolve();
  link.cut();
  const opening = openQueue({ redisUrl: undefined, databaseUrl: link.url, log });
  await refused.promise;
  link.mend();
  const queue = await opening;
  await queue.check();
  await queue.advance(new Uint8Array(32).fill(1));
  assert.equal(await queue.queue.getWaitingCount(), 1);
  await queue.close();
});
