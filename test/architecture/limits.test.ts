/** Every test and every test file ends, whatever it waits for. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "./sources.ts";

describe("limits", () => {
  test("npm test bounds each test and each file", () => {
    const boot = readFileSync(join(ROOT, "boot/tasks.js"), "utf8");
    assert.match(boot, /--test-timeout=/);
    assert.match(boot, /--import=\.\/test\/file-limit\.ts/);
  });

  test("a file that keeps a handle is ended, and says which", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "plenary-limit-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "endless.test.js");
    writeFileSync(file, "setInterval(() => {}, 1000);");
    const { NODE_TEST_CONTEXT: _own, ...environment } = process.env;
    const run = spawnSync(
      process.execPath,
      [`--import=${join(ROOT, "test/file-limit.ts")}`, "--test", file],
      {
        encoding: "utf8",
        env: { ...environment, PLENARY_TEST_FILE_SECONDS: "0.2" },
        timeout: 60_000,
      },
    );
    assert.equal(run.status, 1);
    assert.match(run.stdout, /did not end within 0\.2 s\. It still has: .*Timeout/);
  });
});
