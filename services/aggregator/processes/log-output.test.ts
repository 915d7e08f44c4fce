import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const options = { skip: !existsSync("/dev/full") && "this system has no /dev/full" };

test("a process outlives a full disk behind its log", options, () => {
  const output = join(import.meta.dirname, "log-output.ts");
  const source = `
    const { pino } = await import("pino");
    const { logOutput } = await import(${JSON.stringify(output)});
    const log = pino({}, logOutput);
    log.info("lost");
    log.fatal("lost too");
    setTimeout(() => process.stderr.write("alive"), 20);`;
  const full = openSync("/dev/full", "w");
  const args = ["--input-type=module", "--eval", source];
  const ran = spawnSync(process.execPath, args, {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
    cwd: import.meta.dirname,
  });
  closeSync(full);
  assert.deepEqual([ran.status, ran.stderr], [0, "alive"]);
});
