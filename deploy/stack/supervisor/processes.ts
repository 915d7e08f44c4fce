import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { LocalStackError } from "../errors.ts";
import { type Home, replaceFile } from "../home.ts";
import type { Ports, PortWish } from "./ports.ts";
import { identityOf, isRunning } from "./process-identity.ts";
import { endProcess, readProcessRecord } from "./recorded-processes.ts";

const READY_TIMEOUT_MS = 90_000;
const STOP_PATIENCE_MS = 15_000;
const POLL_MS = 50;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MOST_MS = 10_000;
/** A process that ran this long before it failed is restarted at once. */
const SETTLED_MS = 30_000;
const LOG_LIMIT_BYTES = 16 * 1024 * 1024;
const LOG_TAIL_LINES = 15;
const PORT_ATTEMPTS = 5;
/** As node, PostgreSQL and Redis word it. */
const PORT_IN_USE = /EADDRINUSE|address already in use/i;

export interface ProcessDescription {
  /** Unique in the stack; names the log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Another user to run as (only root can). */
  readonly uid?: number;
  readonly gid?: number;
  /** Whether it answers. Asked again and again until true; errors count as false. */
  readonly ready: () => Promise<boolean>;
  /** What it writes to its log when it listens: without it, a stranger on the same port could answer in its place. */
  readonly readyLine?: string;
  /** What asks it to end in order (default SIGTERM). */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to end before it is killed (default 15,000). */
  readonly stopPatienceMs?: number;
  /** Whether a process that ended by itself is started again: "always", or "on-failure" (exit code other than 0; default). */
  readonly restart?: "always" | "on-failure";
}

export interface SupervisedProcess {
  readonly name: string;
  readonly logFile: string;
  /** The current process's number; it changes with a restart. */
  pid(): number | undefined;
  /** Resolves when it ended by itself with code 0 and is not to be restarted, or was stopped. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the stack's processes, each in a session of its own so that Ctrl-C reaches the supervisor alone, restarts those that
 * fail with growing pauses, and stops them in the reverse order. Each one's number and birth time is on disk before it
 * can do anything, so that the start after a `kill -9` ends what the killed one left behind.
 */
export class Supervisor {
  readonly #home: Home;
  readonly #log: (line: string) => void;
  readonly #running: Supervised[] = [];
  #count = 0;
  #stopped = false;
  #stopping: Promise<void> = Promise.resolve();

  constructor(home: Home, log: (line: string) => void) {
    this.#home = home;
    this.#log = log;
  }

  /** Ends the processes that an earlier supervisor of this home left running, last started first. */
  async endStale(): Promise<void> {
    const folder = this.#home.folder("processes");
    const records = readdirSync(folder)
      .map((file) => readProcessRecord(join(folder, file)))
      .filter((record) => record !== null)
      .sort((a, b) => b.order - a.order);
    for (const record of records) {
      if (isRunning(record)) {
        this.#log(
          `Ending ${record.name} (process ${record.pid}), left over from a start that was killed`,
        );
        await endProcess(record, record.stopSignal, STOP_PATIENCE_MS);
      }
      rmSync(record.file, { force: true });
    }
  }

  /**
   * Starts a process and resolves when it is ready. Throws with the end of its log if it never is: `port-in-use` where the process
   * says so, else `process-failed`.
   */
  async start(description: ProcessDescription): Promise<SupervisedProcess> {
    if (this.#stopped) {
      throw new LocalStackError(
        "process-failed",
        `${description.name} is not started: the stack is stopping.`,
      );
    }
    const supervised = new Supervised(description, this.#home, this.#log, this.#count++);
    this.#running.push(supervised);
    try {
      await supervised.begin();
    } catch (error) {
      await supervised.stop();
      this.#running.splice(this.#running.indexOf(supervised), 1);
      throw error;
    }
    return supervised;
  }

  /**
   * The same for a process that listens on a port which is only preferred: if it says that the port is taken, by whoever was
   * faster, it gets another. Who took it may be gone by then, such as another start that only looked whether it is free.
   */
  async startOnPort(
    ports: Ports,
    wish: PortWish,
    describe: (port: number) => ProcessDescription,
  ): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const port = await ports.take(wish);
      try {
        await this.start(describe(port));
        return port;
      } catch (error) {
        if (attempt === PORT_ATTEMPTS || wish.demandedBy !== undefined || this.#stopped)
          throw error;
        const isTaken = error instanceof LocalStackError && error.code === "port-in-use";
        // A process that logs nothing cannot say why it ended.
        if (!isTaken && (await ports.isFree(port, wish.count))) throw error;
        this.#log(
          `Port ${port} was taken by another program meanwhile; ${wish.purpose} gets another`,
        );
      }
    }
  }

  /** Stops everything, in the reverse order of starting. Nothing can be started afterwards. Called again, it waits for the first call too. */
  stop(): Promise<void> {
    this.#stopped = true;
    // A signal may come twice, from a terminal and from a parent: who exits after the second must not leave what the first is stopping.
    this.#stopping = this.#stopping.then(() => this.#stopAll());
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const supervised of this.#running.splice(0).reverse()) await supervised.stop();
  }
}

class Supervised implements SupervisedProcess {
  readonly name: string;
  readonly logFile: string;
  readonly ended: Promise<void>;
  readonly #description: ProcessDescription;
  readonly #recordFile: string;
  readonly #log: (line: string) => void;
  readonly #order: number;
  readonly #end: () => void;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;
  #ready = false;
  #failures = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  /** Where the current process's part of the log begins. */
  #logStart = 0;

  constructor(
    description: ProcessDescription,
    home: Home,
    log: (line: string) => void,
    order: number,
  ) {
    this.name = description.name;
    this.#description = description;
    this.#log = log;
    this.#order = order;
    this.logFile = home.file("logs", `${description.name}.log`);
    this.#recordFile = home.file("processes", `${description.name}.json`);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  async begin(): Promise<void> {
    this.#spawn();
    await this.#becomeReady();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const pid = this.#child?.pid;
    const identity = pid === undefined ? null : identityOf(pid);
    const { stopSignal = "SIGTERM", stopPatienceMs = STOP_PATIENCE_MS } = this.#description;
    if (identity !== null) await endProcess(identity, stopSignal, stopPatienceMs);
    await this.#exited;
    rmSync(this.#recordFile, { force: true });
    this.#end();
  }

  #spawn(): void {
    const { command, args, cwd, env, uid, gid } = this.#description;
    rotate(this.logFile);
    const output = openSync(this.logFile, "a", 0o600);
    this.#logStart = fstatSync(output).size;
    const options: SpawnOptions = {
      cwd,
      env: { ...env },
      detached: true,
      stdio: ["ignore", output, output],
    };
    if (uid !== undefined) options.uid = uid;
    if (gid !== undefined) options.gid = gid;
    const began = Date.now();
    this.#ready = false;
    const child = spawn(command, args, options);
    closeSync(output);
    this.#child = child;
    this.#record(child.pid);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exited = promise;
    let over = false;
    const onEnd = (how: string, code: number | null) => {
      if (over) return;
      over = true;
      if (this.#child === child) this.#child = undefined;
      resolve();
      this.#ended(how, code, Date.now() - began);
    };
    child.on("error", (error) => onEnd(`could not be started: ${error.message}`, null));
    child.on("exit", (code, signal) => onEnd(`ended with ${signal ?? `code ${code}`}`, code));
  }

  #record(pid: number | undefined): void {
    const identity = pid === undefined ? null : identityOf(pid);
    if (identity === null) return;
    const { name, stopSignal = "SIGTERM" } = this.#description;
    replaceFile(
      this.#recordFile,
      JSON.stringify({ ...identity, name, order: this.#order, stopSignal }),
    );
  }

  #ended(how: string, code: number | null, lived: number): void {
    if (this.#stopping) return;
    if (code === 0 && this.#description.restart !== "always") {
      rmSync(this.#recordFile, { force: true });
      this.#end();
      return;
    }
    // The first start is not repeated: its failure is told to who asked for it.
    if (!this.#ready && this.#failures === 0) return;
    this.#failures = lived > SETTLED_MS ? 1 : this.#failures + 1;
    const pause = Math.min(BACKOFF_FIRST_MS * 2 ** (this.#failures - 1), BACKOFF_MOST_MS);
    this.#log(`${this.name} ${how}; starting it again (log: ${this.logFile})`);
    this.#restartTimer = setTimeout(() => {
      this.#spawn();
      const child = this.#child;
      this.#becomeReady().then(
        () => this.#log(`${this.name} is back`),
        (error: unknown) => this.#giveUpOn(child, error),
      );
    }, pause);
  }

  /** A restarted process that does not answer is killed, which starts it again. One that ended has its next start due. */
  #giveUpOn(child: ChildProcess | undefined, error: unknown): void {
    if (this.#stopping || child === undefined || this.#child !== child) return;
    this.#log(error instanceof Error ? error.message : String(error));
    child.kill("SIGKILL");
  }

  #hasSaidReady(): boolean {
    const { readyLine } = this.#description;
    if (readyLine === undefined || this.#ready) return true;
    return this.#said().includes(readyLine);
  }

  /** What the current process has written. */
  #said(): string {
    return readFileSync(this.logFile).subarray(this.#logStart).toString();
  }

  async #becomeReady(): Promise<void> {
    const child = this.#child;
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!this.#stopping) {
      if (this.#hasSaidReady() && (await this.#description.ready().catch(() => false))) break;
      const gone = this.#child !== child;
      // A short task may be done before it was ever asked.
      if (gone && child?.exitCode === 0) break;
      if (gone || Date.now() > deadline) {
        const what = gone
          ? "ended before it was ready"
          : `did not answer within ${READY_TIMEOUT_MS / 1000} s`;
        throw new LocalStackError(
          gone && PORT_IN_USE.test(this.#said()) ? "port-in-use" : "process-failed",
          `${this.name} ${what}. The end of ${this.logFile}:\n${tail(this.logFile)}`,
          { process: this.name, log: this.logFile },
        );
      }
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    this.#ready = true;
  }
}

function rotate(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
}

function tail(logFile: string): string {
  try {
    return readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
  } catch {
    return "(no log)";
  }
}
