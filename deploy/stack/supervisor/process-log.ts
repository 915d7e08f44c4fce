import { closeSync, fstatSync, openSync, readFileSync, renameSync, statSync } from "node:fs";

const LIMIT_BYTES = 16 * 1024 * 1024;
const TAIL_LINES = 15;

/** The log file of a supervised process, over its restarts. */
export class ProcessLog {
  readonly path: string;
  /** Where the current process's part begins. */
  #start = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Opens the file for a process that is about to start; `use` hands the descriptor to it. */
  begin<T>(use: (descriptor: number) => T): T {
    if ((statSync(this.path, { throwIfNoEntry: false })?.size ?? 0) > LIMIT_BYTES)
      renameSync(this.path, `${this.path}.1`);
    const descriptor = openSync(this.path, "a", 0o600);
    try {
      this.#start = fstatSync(descriptor).size;
      return use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** What the current process has written. */
  said(): string {
    return readFileSync(this.path).subarray(this.#start).toString();
  }

  /** The last lines, of earlier processes too. */
  tail(): string {
    try {
      return readFileSync(this.path, "utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
    } catch {
      return "(no log)";
    }
  }

  /** The last line that the current process has written; empty if there is none. */
  lastLine(): string {
    return this.said().trimEnd().split("\n").at(-1) ?? "";
  }
}
