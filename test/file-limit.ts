/**
 * Loaded into the process of every test file: ends it when the file has not finished within its
 * limit, because `--test-timeout` bounds each test but not a file that never lets go of a handle.
 */
import { isMainThread } from "node:worker_threads";

const MINUTES = process.env.PLENARY_NIGHTLY === "1" ? 240 : 20;

const limit = Number(process.env.PLENARY_TEST_FILE_SECONDS ?? MINUTES * 60);

function end(): void {
  const kept = process.getActiveResourcesInfo().join(", ");
  process.stderr.write(`The test file did not end within ${limit} s. It still has: ${kept}\n`);
  process.exit(1);
}

if (isMainThread && process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(end, limit * 1_000).unref();
}
