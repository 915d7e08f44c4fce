import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalStackError } from "../errors.ts";
import { type Home, replaceFile } from "../home.ts";
import { hangs } from "./liveness.ts";
import type { ProcessDescription, ProcessEnd, SupervisedProcess } from "./process-description.ts";
import { identityOf } from "./process-identity.ts";
import { ProcessLog } from "./process-log.ts";
import { endProcess } from "./recorded-processes.ts";

const READY_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 50;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MOST_MS = 10_000;
/** A process that ran this long before it failed is started again without a long pause. */
const SETTLED_MS = 30_000;
/** As node, PostgreSQL and Redis word it. */
const PORT_IN_USE = /EADDRINUSE|address already in use/i;

/** One process of a supervisor, over its restarts. */
export class Supervised implements SupervisedProcess {
  readonly name: string;
  readonly ended: Promise<ProcessEnd>;
  readonly #description: ProcessDescription;
  readonly #log: ProcessLog;
  readonly #recordFile: string;
  readonly #tell: (line: string) => void;
  readonly #order: number;
  readonly #end: (end: ProcessEnd) => void;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;
  #ready = false;
  #failures = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(
    description: ProcessDescription,
    home: Home,
    tell: (line: string) => void,
    order: number,
  ) {
    this.name = description.name;
    this.#description = description;
    this.#tell = tell;
    this.#order = order;
    this.#log = new ProcessLog(home.file("logs", `${description.name}.log`));
    this.#recordFile = home.file("processes", `${description.name}.json`);
    const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
    this.ended = promise;
    this.#end = resolve;
  }

  get logFile(): string {
    return this.#log.path;
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
    const { stopSignal = "SIGTERM", stopTimeoutMs = STOP_TIMEOUT_MS } = this.#description;
    if (identity !== null) await endProcess(identity, stopSignal, stopTimeoutMs);
    await this.#exited;
    this.#finish({ kind: "done" });
  }

  #finish(end: ProcessEnd): void {
    rmSync(this.#recordFile, { force: true });
    this.#end(end);
  }

  #spawn(): void {
    const { command, args, cwd, env, uid, gid } = this.#description;
    const began = Date.now();
    this.#ready = false;
    const child = this.#log.begin((output) => {
      const options: SpawnOptions = {
        cwd,
        env: { ...env },
        // A session of its own: Ctrl-C reaches the supervisor alone.
        detached: true,
        stdio: ["ignore", output, output],
      };
      if (uid !== undefined) options.uid = uid;
      if (gid !== undefined) options.gid = gid;
      return spawn(command, args, options);
    });
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
      this.#onEnd(how, code, Date.now() - began);
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

  #onEnd(how: string, code: number | null, livedMs: number): void {
    if (this.#stopping) return;
    const { restart, finalExitCodes = [] } = this.#description;
    if (code === 0 && restart !== "always") {
      this.#finish({ kind: "done" });
      return;
    }
    if (code !== null && finalExitCodes.includes(code)) {
      this.#fail(code);
      return;
    }
    // The first start is not repeated: its caller is told of the failure.
    if (!this.#ready && this.#failures === 0) return;
    this.#failures = livedMs > SETTLED_MS ? 1 : this.#failures + 1;
    const pause = Math.min(BACKOFF_FIRST_MS * 2 ** (this.#failures - 1), BACKOFF_MOST_MS);
    this.#tell(`${this.name} ${how}; starting it again (log: ${this.logFile})`);
    this.#restartTimer = setTimeout(() => this.#restart(), pause);
  }

  #fail(code: number): void {
    const lastWords = this.#log.lastLine();
    this.#tell(`${this.name} ended with code ${code} and is not started again: ${lastWords}`);
    this.#finish({ kind: "failed", code, lastWords });
  }

  #restart(): void {
    this.#spawn();
    const child = this.#child;
    this.#becomeReady().then(
      () => this.#tell(`${this.name} is back`),
      (error: unknown) =>
        this.#replace(child, error instanceof Error ? error.message : String(error)),
    );
  }

  /**
   * Kills a process that does not answer, which starts it again. One that ended is due anyway.
   */
  #replace(child: ChildProcess | undefined, why: string): void {
    if (this.#stopping || child === undefined || this.#child !== child) return;
    this.#tell(why);
    child.kill("SIGKILL");
  }

  async #becomeReady(): Promise<void> {
    const child = this.#child;
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!this.#stopping) {
      if (await this.#isReady()) break;
      const gone = this.#child !== child;
      // A short task may be done before it was ever asked.
      if (gone && child?.exitCode === 0) break;
      if (gone || Date.now() > deadline) throw this.#neverReady(gone);
      await sleep(POLL_MS);
    }
    this.#ready = true;
    if (child !== undefined) this.#watch(child);
  }

  async #isReady(): Promise<boolean> {
    return this.#description.ready(this.#log.said()).catch(() => false);
  }

  #neverReady(gone: boolean): LocalStackError {
    const what = gone
      ? "ended before it was ready"
      : `did not answer within ${READY_TIMEOUT_MS / 1000} s`;
    return new LocalStackError(
      gone && PORT_IN_USE.test(this.#log.said()) ? "port-in-use" : "process-failed",
      `${this.name} ${what}. The end of ${this.logFile}:\n${this.#log.tail()}`,
      { process: this.name, log: this.logFile },
    );
  }

  /** Replaces the process once it hangs. */
  #watch(child: ChildProcess): void {
    const { liveness } = this.#description;
    if (liveness === undefined) return;
    const over = new AbortController();
    child.once("exit", () => over.abort());
    if (child.exitCode !== null || child.signalCode !== null) over.abort();
    void hangs(liveness, over.signal).then((hung) => {
      if (hung) this.#replace(child, `${this.name} does not answer any more; ending it`);
    });
  }
}
