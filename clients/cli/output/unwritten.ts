import type { Streams } from "./output.ts";

/** What became of text that standard output did not take. */
export interface Unwritten {
  /** Aborted once the reader has closed the pipe. */
  readonly closed: AbortSignal;
  /** The system's name of the latest other failure, such as ENOSPC; null if there was none. */
  readonly lost: string | null;
}

/**
 * Lets a process outlive failed writes: the text is lost, and later text is tried again. Without
 * a listener Node ends the process, perhaps after it has paid and before it has noted that.
 */
export function surviveFailedWrites({ stdout, stderr }: Streams): Unwritten {
  const closed = new AbortController();
  let lost: string | null = null;
  stdout.on("error", ({ code = "unknown" }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") closed.abort();
    else lost = code;
  });
  // There is nowhere left to say it. The exit code remains.
  stderr.on("error", () => undefined);
  return {
    closed: closed.signal,
    get lost() {
      return lost;
    },
  };
}
