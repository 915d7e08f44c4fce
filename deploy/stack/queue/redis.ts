import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { LocalStackError } from "../errors.ts";
import { type Home, replaceFile } from "../home.ts";
import type { Ports } from "../supervisor/ports.ts";
import type { Supervisor } from "../supervisor/processes.ts";

const OLDEST_VERSION = [6, 2] as const;
const TIMEOUT_MS = 5_000;

export interface QueueSettings {
  /** REDIS_URL: a Redis that runs already. */
  readonly url: string | undefined;
  readonly home: Home;
  readonly ports: Ports;
  readonly supervisor: Supervisor;
  readonly log: (line: string) => void;
  /** Folders to look for redis-server and valkey-server in (PATH). */
  readonly searchPath: string;
}

/**
 * The URL of the stack's queue: the given one if it answers, else that of a redis-server or valkey-server found on PATH and
 * started with its data in the home, else null, which means BullMQ's PostgreSQL backend on the project's database.
 */
export async function openQueue(settings: QueueSettings): Promise<string | null> {
  const { url, log, searchPath } = settings;
  if (url !== undefined) {
    const failure = await tryPing(url);
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
    log(
      "Queue: no redis-server or valkey-server on PATH; using PostgreSQL (slower, nothing else differs)",
    );
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
    ready: async () => (await tryPing(urlOf(candidate))) === null,
    restart: "always",
  }));
  log(`Queue: ${command} on 127.0.0.1:${port}`);
  return urlOf(port);
}

/** The password stands in a file, not on the command line, which every user can see. */
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
export function tryPing(url: string): Promise<string | null> {
  let target: URL;
  try {
    target = new URL(url);
  } catch {
    return Promise.resolve("not a URL such as redis://127.0.0.1:6379");
  }
  const { protocol, hostname: host, port: portText, username, password } = target;
  const port = Number(portText || 6379);
  const credentials = [username, password].filter((part) => part !== "").map(decodeURIComponent);
  const login = credentials.length > 0 ? command("AUTH", ...credentials) : "";
  return new Promise((resolve) => {
    const socket =
      protocol === "rediss:"
        ? connectTls({ host, port, servername: host })
        : connectTcp({ host, port });
    const finish = (failure: string | null) => {
      socket.destroy();
      resolve(failure);
    };
    let answer = "";
    socket.setTimeout(TIMEOUT_MS, () => finish("no answer in time"));
    socket.on("error", (error) => finish(error.message));
    socket.on("close", () => resolve("the connection was closed"));
    socket.on("data", (data) => {
      answer += data.toString();
      const error = /^-(.*)\r\n/m.exec(answer);
      if (error !== null) finish(error[1] ?? "refused");
      else if (answer.includes("+PONG\r\n")) finish(null);
    });
    socket.write(`${login}${command("PING")}`);
  });
}

function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}
