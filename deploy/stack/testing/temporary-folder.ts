import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];
process.once("exit", () => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A folder (0700, like every mkdtemp) that is removed when the test process ends. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "plenary-test-"));
  made.push(path);
  return path;
}
