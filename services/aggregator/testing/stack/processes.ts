import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { opened } from "../../../../testing/index.ts";

/**
 * A process that a test started. It is stopped with the test, and can be killed in the middle of
 * one.
 */
export interface TestProcess {
  readonly pid: number;
  /** Everything that it has written. */
  output(): string;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** SIGTERM, then waits. */
  stop(): Promise<void>;
  /** SIGKILL, then waits: no handler of the process runs. */
  kill(): Promise<void>;
}

/** Bounds for a process that hangs, far above what starts and ends take on a busy machine. */
const START_SECONDS = 180;
const STOP_SECONDS = 60;

/**
 * Starts a process. With `ready` it waits until that text is in the output. Throws with the output
 * if the process ends before, or takes too long.
 */
export async function startProcess(
  command: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; ready?: string } = {},
): Promise<TestProcess> {
  const child = spawn(command, args, {
    env: { ...inherited(), ...options.env },
    cwd: options.cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { output, appeared } = collect(child, options.ready);
  // Not "exit", which may come before the last of what the process has written.
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  const stopWith = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  const kill = opened(() => stopWith("SIGKILL"));
  ended.then(kill).catch(() => {});
  const started = {
    pid: child.pid ?? 0,
    output,
    ended,
    async stop() {
      if ((await within(STOP_SECONDS, [stopWith("SIGTERM")])) !== LATE) return;
      await kill();
      throw new Error(`SIGTERM did not end ${command} within ${STOP_SECONDS} s:\n${output()}`);
    },
    kill,
  };
  const outcome = await within(START_SECONDS, [appeared.then(() => undefined), ended]);
  if (outcome === undefined) return started;
  await kill();
  const how =
    outcome === LATE ? `was not ready within ${START_SECONDS} s` : `ended with ${outcome}`;
  throw new Error(`${command} ${args.join(" ")} ${how}:\n${output()}`);
}

const LATE = Symbol("late");

/** The first outcome, or LATE. */
async function within<T>(
  seconds: number,
  outcomes: readonly Promise<T>[],
): Promise<T | typeof LATE> {
  const over = new AbortController();
  const late = pause(1_000 * seconds, LATE, { signal: over.signal, ref: false });
  try {
    return await Promise.race([...outcomes, late]);
  } finally {
    late.catch(() => {});
    over.abort();
  }
}

/** The variables that the test's own process runs with, and nothing else of its environment. */
function inherited(): Record<string, string> {
  const { PATH = "", NODE_COMPILE_CACHE = "" } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE === "" ? {} : { NODE_COMPILE_CACHE }) };
}

function collect(
  child: ChildProcess,
  ready: string | undefined,
): { output: () => string; appeared: Promise<void> } {
  let output = "";
  const appeared = new Promise<void>((resolve) => {
    const take = (data: Buffer) => {
      output += data.toString();
      if (ready !== undefined && output.includes(ready)) resolve();
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    if (ready === undefined) resolve();
  });
  return { output: () => output, appeared };
}

/**
 * Below the ports that systems give to outgoing connections and to listeners that take any: a
 * process that is killed on one of these ports finds it free when it is started again.
 */
const FIRST_PORT = 16_384;
const LAST_PORT = 32_767;
/**
 * Two ports to use, one that is listened on for as long as this process lives, so that other test
 * files see the row as taken, and one spare.
 */
const PORTS_IN_ROW = 4;

/**
 * The first of two neighbouring free ports, which no other test is given while this process runs.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const row = Math.floor((Math.random() * (LAST_PORT - FIRST_PORT + 1)) / PORTS_IN_ROW);
    const port = FIRST_PORT + row * PORTS_IN_ROW;
    const claim = await listenOn(port + 2);
    if (claim === undefined) continue;
    claim.unref();
    const probes = [await listenOn(port), await listenOn(port + 1)];
    await Promise.all(probes.map((probe) => probe && new Promise((done) => probe.close(done))));
    if (!probes.includes(undefined)) return port;
    claim.close();
  }
}

/** Undefined if something listens there already. */
function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}

/** Path of a file of this repository, from its root. */
export function repositoryFile(path: string): string {
  return fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
}
