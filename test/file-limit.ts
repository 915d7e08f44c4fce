/**
 * Loaded into the process of every test file. After the last test it closes what set-ups have left
 * open. It ends the process when the file has not finished within its limit, or still runs a minute
 * after its last test, because `--test-timeout` bounds each test but not a file that never lets go
 * of a handle.
 */
import { after } from "node:test";
import { isMainThread } from "node:worker_threads";
import { closeLeftOpen } from "../testing/left-open.ts";

const MINUTES = process.env.PLENARY_NIGHTLY === "1" ? 240 : 20;
const LIMIT_SECONDS = Number(process.env.PLENARY_TEST_FILE_SECONDS ?? MINUTES * 60);
const SECONDS_AFTER_TESTS = 60;

function endAfter(seconds: number, what: string): void {
  const end = () => {
    const kept = process.getActiveResourcesInfo().join(", ");
    process.stderr.write(`${what} ${seconds} s. It still has: ${kept}\n`);
    process.exit(1);
  };
  setTimeout(end, seconds * 1_000).unref();
}

if (isMainThread && process.env.NODE_TEST_CONTEXT !== undefined) {
  endAfter(LIMIT_SECONDS, "The test file did not end within");
  after(async () => {
    endAfter(SECONDS_AFTER_TESTS, "After its last test the process did not end within");
    await closeLeftOpen();
  });
}
