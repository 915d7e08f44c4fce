import { writeSync } from "node:fs";

const STDOUT = 1;
/** A reader that takes nothing for this long loses the line. */
const ATTEMPTS = 500;
const PAUSE_MILLISECONDS = 10;
const clock = new Int32Array(new SharedArrayBuffer(4));

/**
 * Standard output for pino, as the service has it too; the node imports nothing of other packages.
 * By hand, because pino's own destination ends the process when a disk is full, and waits without
 * end after a fatal error. Here the line is lost, and later ones are tried.
 */
export const logOutput = {
  write(line: string): void {
    let rest: Uint8Array = Buffer.from(line);
    for (let attempt = 1; rest.length > 0 && attempt <= ATTEMPTS; ) {
      try {
        rest = rest.subarray(writeSync(STDOUT, rest));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
        attempt += 1;
        Atomics.wait(clock, 0, 0, PAUSE_MILLISECONDS);
      }
    }
  },
};
