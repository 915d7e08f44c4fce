import { setTimeout as pause } from "node:timers/promises";
import { PlenaryError } from "@plenary/protocol";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Log } from "../rounds/context.ts";
import { type Complaint, complainTo, patient, QUEUE, type QueueStore } from "./queue-store.ts";

const OLDEST = { major: 6, minor: 2 };
/** How long a start waits for Redis. The service works without it, and finds it when it comes. */
const CONNECT_MILLISECONDS = 3_000;
const SHORTEST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 10_000;
const PROBE_MILLISECONDS = 60_000;

/**
 * The queue in Redis. Throws `invalid-input` if the server is a node of a cluster or too old. Logs
 * one warning if the server may evict jobs.
 */
export async function openRedisStore(url: string, log: Log): Promise<QueueStore> {
  const complain = complainTo(log);
  // An upload is not held up by a queue that is away, so that its commands fail at once.
  const asking = connect(url, complain, { maxRetriesPerRequest: 1, enableOfflineQueue: false });
  const connections = [asking];
  try {
    await examined(asking, log);
  } catch (error) {
    asking.disconnect();
    throw error;
  }
  return {
    name: "redis",
    async openQueue() {
      const queue = new Queue(QUEUE, { connection: asking, skipVersionCheck: true });
      return queue.on("error", complain);
    },
    async openWorker(process, options) {
      const connection = connect(url, complain, { maxRetriesPerRequest: null });
      connections.push(connection);
      const Patient = patient(Worker);
      const worker = new Patient(QUEUE, process, {
        ...options,
        connection,
        skipVersionCheck: true,
      });
      return worker.on("error", complain);
    },
    async probe() {
      await asking.set(`${QUEUE}:probe`, Date.now(), "PX", PROBE_MILLISECONDS);
    },
    close() {
      for (const connection of connections) connection.disconnect();
    },
  };
}

function connect(
  url: string,
  complain: Complaint,
  options: { maxRetriesPerRequest: number | null; enableOfflineQueue?: boolean },
): Redis {
  const redis = new Redis(url, {
    ...options,
    retryStrategy: (attempt) =>
      Math.min(SHORTEST_PAUSE_MILLISECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_MILLISECONDS),
    // After a failover the old connection leads to a replica; a new one leads to the new primary.
    // 2: the command that failed is sent again, where commands wait for a connection at all.
    reconnectOnError: ({ message }) =>
      message.includes("READONLY") && (options.maxRetriesPerRequest === null ? 2 : 1),
  });
  return redis.on("error", complain);
}

/** Looks at the server when it first answers: within the time that a start takes, or later. */
async function examined(redis: Redis, log: Log): Promise<void> {
  const examination = new Promise<void>((resolve, reject) => {
    redis.once("ready", () => {
      redis
        .info()
        .then((text) => requireUsable(text, log))
        .then(resolve, reject);
    });
  });
  const late = new AbortController();
  const waiting = pause(CONNECT_MILLISECONDS, "late", { signal: late.signal }).catch(() => {});
  const outcome = await Promise.race([examination, waiting]);
  late.abort();
  if (outcome === "late")
    examination.catch((error: unknown) => log.error({ err: error }, "the queue cannot work"));
}

/** BullMQ's own checks write plain lines to the terminal, and know nothing of clusters. */
function requireUsable(info: string, log: Log): void {
  const facts = new Map(
    info.split(/\r?\n/).map((line) => {
      const [name = "", value = ""] = line.split(/:(.*)/s);
      return [name, value] as const;
    }),
  );
  if (facts.get("cluster_enabled") === "1")
    throw new PlenaryError(
      "invalid-input",
      "REDIS_URL names a node of a Redis Cluster, which cannot hold the queue: name a Redis that is not part of one.",
      { field: "REDIS_URL" },
    );
  const version = facts.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor))
    throw new PlenaryError(
      "invalid-input",
      `REDIS_URL names a Redis ${version}: the queue needs ${OLDEST.major}.${OLDEST.minor} or newer.`,
      { field: "REDIS_URL", version },
    );
  const policy = facts.get("maxmemory_policy") ?? "noeviction";
  if (policy !== "noeviction")
    log.warn(
      { policy },
      "Redis may evict jobs, which are then done later: set its maxmemory-policy to noeviction",
    );
}
