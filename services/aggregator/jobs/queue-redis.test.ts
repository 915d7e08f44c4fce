import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { until } from "../../../testing/index.ts";
import { createLog } from "../processes/service.ts";
import type { Log } from "../rounds/context.ts";
import { freePort } from "../testing/stack/processes.ts";
import { proxyTo } from "../testing/stack/proxy.ts";
import { startRedisServer } from "../testing/stack/redis.ts";
import type { JobContext } from "./job.ts";
import { type JobQueue, openQueue } from "./queue.ts";
import { startJobs } from "./queue-worker.ts";

const FEDERATION = new Uint8Array(32).fill(1);
const SILENT = createLog("test", "silent");

/** What a test has opened, to be closed in the opposite order when it ends. */
const opened = new WeakMap<TestContext, (() => unknown)[]>();

function closeAfter(t: TestContext, close: () => unknown): void {
  const closes = opened.get(t);
  if (closes !== undefined) return void closes.unshift(close);
  const first = [close];
  opened.set(t, first);
  t.after(async () => {
    for (const each of first) await each();
  });
}

/** A Redis of the test's own, and a connection to it. */
async function redisOf(t: TestContext, ...settings: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "plenary-redis-"));
  const port = await freePort();
  const server = await startRedisServer(port, folder, settings);
  const admin = new Redis({ port, host: "127.0.0.1" });
  closeAfter(t, async () => {
    admin.disconnect();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { port, admin, url: `redis://127.0.0.1:${port}` };
}

async function queueOn(t: TestContext, redisUrl: string, log: Log = SILENT): Promise<JobQueue> {
  const queue = await openQueue({ redisUrl, databaseUrl: "", log });
  closeAfter(t, () => queue.close());
  return queue;
}

/** What jobs work with: every operation of it ends as `operation` does. */
function workOf(operation: () => Promise<unknown>): JobContext {
  const anything: unknown = new Proxy(() => {}, { get: () => anything, apply: operation });
  return { context: anything, tools: anything } as JobContext;
}

async function workerOn(t: TestContext, queue: JobQueue, operation: () => Promise<unknown>) {
  const settings = { concurrency: 1, log: SILENT };
  const jobs = await startJobs(queue.store, settings, workOf(operation));
  closeAfter(t, () => jobs.close());
  return jobs;
}

describe("the queue in Redis", () => {
  test("jobs continue after a failover that leaves the old connections to a replica", async (t) => {
    const [old, next] = [await redisOf(t), await redisOf(t)];
    const link = await proxyTo(old.url);
    closeAfter(t, () => link.close());
    const queue = await queueOn(t, link.url);
    let done = 0;
    await workerOn(t, queue, async () => {
      done += 1;
    });
    await queue.finalize(FEDERATION);
    await until("the first job", () => done > 0);
    link.redirect(next.port);
    await old.admin.replicaof("127.0.0.1", next.port);
    await until("the queue to answer", () =>
      queue.check().then(
        () => true,
        () => false,
      ),
    );
    done = 0;
    await until("a job after the failover", async () => {
      await queue.finalize(FEDERATION);
      return done > 0;
    });
  });

  test("the check names a full or read-only Redis, which is asked only after pauses", async (t) => {
    const { admin, url } = await redisOf(t);
    const queue = await queueOn(t, url);
    await workerOn(t, queue, async () => {});
    await queue.check();
    await admin.config("SET", "maxmemory", "1");
    await assert.rejects(queue.check(), { code: "queue-unavailable", message: /OOM/ });
    await queue.finalize(FEDERATION);
    await admin.config("RESETSTAT");
    await pause(1_000);
    const [, commands] = /total_commands_processed:(\d+)/.exec(await admin.info("stats")) ?? [];
    assert.ok(Number(commands) < 100, `${commands} commands`);
    await admin.config("SET", "maxmemory", "0");
    await queue.check();
    await admin.replicaof("127.0.0.1", 1);
    await assert.rejects(queue.check(), { code: "queue-unavailable" });
  });

  test("a cluster is refused in a sentence", async (t) => {
    const { url, admin } = await redisOf(t, "--cluster-enabled", "yes");
    await admin.cluster("ADDSLOTSRANGE", 0, 16_383);
    await until("the cluster", async () =>
      (await admin.cluster("INFO")).includes("cluster_state:ok"),
    );
    await assert.rejects(openQueue({ redisUrl: url, databaseUrl: "", log: SILENT }), {
      code: "invalid-input",
      message: /REDIS_URL names a node of a Redis Cluster/,
    });
  });

  test("a server that evicts is warned of once, in the log alone", async (t) => {
    const { url } = await redisOf(t, "--maxmemory-policy", "allkeys-lru");
    const lines: object[] = [];
    const log = { ...createLog("test", "silent"), warn: (line: object) => lines.push(line) };
    const said = t.mock.method(console, "warn", () => {});
    const queue = await queueOn(t, url, log);
    await workerOn(t, queue, async () => {});
    await queue.queue.waitUntilReady();
    assert.deepEqual(lines, [{ policy: "allkeys-lru" }]);
    assert.equal(said.mock.callCount(), 0);
  });

  test("a job that failed for good is done when it is asked for again", async (t) => {
    const { url } = await redisOf(t);
    const queue = await queueOn(t, url);
    let runs = 0;
    let isMended = false;
    await workerOn(t, queue, async () => {
      runs += 1;
      if (!isMended) throw new Error("the blob is away");
      return undefined;
    });
    await queue.evaluate(FEDERATION, 1n);
    await until("three attempts", async () => runs === 3 && (await queue.queue.count()) === 0);
    isMended = true;
    await queue.evaluate(FEDERATION, 1n);
    await until("the next attempt", () => runs > 3);
  });

  test("a job in hand is given back when the worker stops", async (t) => {
    const { url } = await redisOf(t);
    const queue = await queueOn(t, url);
    const started = Promise.withResolvers<void>();
    const jobs = await workerOn(t, queue, () => {
      started.resolve();
      return new Promise(() => {});
    });
    await queue.finalize(FEDERATION);
    await started.promise;
    assert.equal(await jobs.close(), false);
    assert.equal(await queue.queue.count(), 1);
    let done = false;
    await workerOn(t, queue, async () => {
      done = true;
    });
    await until("the job that was given back", () => done);
  });
});
