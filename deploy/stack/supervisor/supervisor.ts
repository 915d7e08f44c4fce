import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LocalStackError } from "../errors.ts";
import type { Home } from "../home.ts";
import type { Ports, PortWish } from "../network/ports.ts";
import type { ProcessDescription, SupervisedProcess } from "./process-description.ts";
import { isRunning } from "./process-identity.ts";
import { endProcess, readProcessRecord } from "./recorded-processes.ts";
import { Supervised } from "./supervised.ts";

const STOP_TIMEOUT_MS = 15_000;
const PORT_ATTEMPTS = 5;

/**
 * Starts the stack's processes, starts those that fail or hang again with growing pauses, and
 * stops them in the reverse order. The number and the birth time of each are on disk before it
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

  /**
   * Ends the processes that an earlier supervisor of this home left behind, the last one first.
   */
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
        await endProcess(record, record.stopSignal, STOP_TIMEOUT_MS);
      }
      rmSync(record.file, { force: true });
    }
  }

  /**
   * Starts a process and resolves when it is ready. If it never is, throws with the end of its
   * log: `port-in-use` where the process says so, else `process-failed`.
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
   * Starts a process on a port that is only preferred, and resolves with the port. If the process
   * says that another program was faster to take it, it gets another port. The other program may
   * be gone by then, such as a second start that only looked whether the port is free.
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
        if (!isTaken && (await ports.isFree(port, wish.count, wish.host))) throw error;
        this.#log(
          `Port ${port} was taken by another program meanwhile; ${wish.purpose} gets another`,
        );
      }
    }
  }

  /**
   * Stops everything, in the reverse order of starting. Nothing can be started afterwards. A
   * second call waits for the first too: a signal may come twice, from a terminal and from a
   * parent, and a caller that exits after the second must not leave behind what the first is
   * stopping.
   */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#stopping = this.#stopping.then(() => this.#stopAll());
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const supervised of this.#running.splice(0).reverse()) await supervised.stop();
  }
}
