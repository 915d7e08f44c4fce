import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { LocalStackError } from "../errors.ts";
import { type Home, replaceFile } from "../home.ts";
import type { Ports } from "../network/ports.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

const OLDEST_VERSION = [6, 2] as const;
const TIMEOUT_MS = 5_000;

export interface QueueSettings {
  /** The value of REDIS_URL: a Redis that already runs. */
  readonly url: string | undefined;
  readonly home: Home;
  readonly ports: Ports;
  readonly supervisor: Supervisor;
  readonly log: (line: string) => void;
  /** Folders to look for redis-server and valkey-server in (PATH). */
  readonly searchPath: string;
}

/**
 * The URL of the stack's queue: the given one if it answers, else that of a redis-server or
 * valkey-server from PATH, started with its data in the home. Null if there is none: BullMQ then
 * keeps the queue in the database.
 */
export async function openQueue(settings: QueueSettings): Promise<string | null> {
  const { url, log, searchPath } = settings;
  if (url !== undefined) {
    const failure = await whyUnavailable(url);
    if (failure !== null) {
      throw new LocalStackError(
        "queue-unavailable",
        `The Redis of REDIS_URL does not answer (${failure}). Start it, correct the variable, or unset it.`,
      );
    }
    log("Queue: the Redis of REDIS_URL");
    return url;
  }
  const server = findServer(searchPath, log);
  if (server === null) {
    log("Queue: no redis-server or valkey-server on PATH; using PostgreSQL, which is slower");
    return null;
  }
  return startServer(server, settings);
}

async function startServer(
  command: string,
  { home, ports, supervisor, log }: QueueSettings,
): Promise<string> {
  const folder = home.folder("redis");
  const password = keepPassword(home.file("redis", "password"));
  const urlOf = (port: number) => `redis://:${password}@127.0.0.1:${port}`;
  const port = await supervisor.startOnPort(ports, { purpose: "the queue" }, (candidate) => ({
    name: "redis",
    command,
    args: [writeConfiguration(home, candidate, password)],
    cwd: folder,
    env: { LC_ALL: "C" },
    ready: async () => (await whyUnavailable(urlOf(candidate))) === null,
    restart: "always",
  }));
  log(`Queue: ${command} on 127.0.0.1:${port}`);
  return urlOf(port);
}

/** The password goes into a file: every user can see the command line. */
function writeConfiguration(home: Home, port: number, password: string): string {
  const file = home.file("redis", "redis.conf");
  const settings = [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    "daemonize no",
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    // BullMQ loses jobs if keys are evicted.
    "maxmemory-policy noeviction",
  ];
  replaceFile(file, `${settings.join("\n")}\n`);
  return file;
}

function keepPassword(file: string): string {
  if (!existsSync(file)) replaceFile(file, `${randomBytes(24).toString("base64url")}\n`);
  return readFileSync(file, "utf8").trim();
}

/** The first Redis on the search path that is new enough for BullMQ. */
function findServer(searchPath: string, log: (line: string) => void): string | null {
  const folders = searchPath
    .split(process.platform === "win32" ? ";" : ":")
    .filter((folder) => folder !== "");
  for (const name of ["redis-server", "valkey-server"]) {
    for (const folder of folders) {
      const command = `${folder}/${name}`;
      if (!existsSync(command)) continue;
      const { stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
      const version = /v=(\d+)\.(\d+)/.exec(stdout ?? "");
      if (version === null) continue;
      const [major, minor] = [Number(version[1]), Number(version[2])];
      if (major > OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor >= OLDEST_VERSION[1]))
        return command;
      log(
        `Queue: ${command} is version ${major}.${minor}; ${OLDEST_VERSION.join(".")} or newer is needed`,
      );
    }
  }
  return null;
}

/** Why a Redis does not answer, or null if it does. */
export async function whyUnavailable(url: string): Promise<string | null> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    // It is asked before it is known to be ready.
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  let reason: string | undefined;
  client.on("error", (error: Error) => {
    reason = error.message;
  });
  try {
    await client.connect();
    await client.ping();
    return null;
  } catch (error) {
    // A connection that fails rejects with "closed"; the event names the cause.
    return reason ?? (error instanceof Error ? error.message : String(error));
  } finally {
    client.disconnect();
  }
}
