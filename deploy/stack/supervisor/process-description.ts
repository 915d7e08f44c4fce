/** A process that the supervisor is to start and keep running. */
export interface ProcessDescription {
  /** Unique in the stack; names the log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Another user to run as, which only root can set. */
  readonly uid?: number;
  readonly gid?: number;
  /**
   * Whether it answers, given what it has written to its log since it began. It is asked again
   * until it is true; an error counts as false. A check that ignores the log may be answered by
   * another program on the same port.
   */
  readonly ready: (said: string) => Promise<boolean>;
  /** How the supervisor notices that it hangs. Without this, a process that runs is well. */
  readonly liveness?: Liveness;
  /** The signal that asks it to end in order (default SIGTERM). */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to end before it is killed, in milliseconds (default 15,000). */
  readonly stopTimeoutMs?: number;
  /**
   * Whether a process that ended by itself is started again: "always", or "on-failure" (after an
   * exit code other than 0; default).
   */
  readonly restart?: "always" | "on-failure";
  /** Exit codes that say that starting it again would end the same way. */
  readonly finalExitCodes?: readonly number[];
}

/** A check that a healthy process passes at any time, and a hung one does not. */
export interface Liveness {
  /** Throws, or never resolves, if the process does not answer. */
  readonly check: (signal: AbortSignal) => Promise<unknown>;
  /** The pause between two checks, and the time that one may take, in milliseconds. */
  readonly intervalMs: number;
  /** Failures in a row after which the process is killed and started again. */
  readonly failures: number;
}

/** How a supervised process ended. */
export type ProcessEnd =
  /** It ended with code 0, or was stopped. */
  | { readonly kind: "done" }
  /** It ended with one of its final exit codes. */
  | { readonly kind: "failed"; readonly code: number; readonly lastWords: string };

export interface SupervisedProcess {
  readonly name: string;
  readonly logFile: string;
  /** The current process's number, which changes with a restart. */
  pid(): number | undefined;
  /** Resolves when it will not be started again. */
  readonly ended: Promise<ProcessEnd>;
  stop(): Promise<void>;
}
