import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("the committed kernels equal the compiled sources", () => {
  const script = fileURLToPath(new URL("build.ts", import.meta.url));
  assert.match(
    execFileSync(process.execPath, [script, "--check"], { encoding: "utf8" }),
    /equal to the committed ones/,
  );
});
