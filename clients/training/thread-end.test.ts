import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

const LOOP = join(import.meta.dirname, "testing/training-loop.ts");
/** Longer than several steps: the signal comes at any moment of one. */
const LATEST_MS = 100;

/** Sends SIGTERM at a random moment of training. Resolves with how the process ended. */
async function endDuringTraining(way: "exit" | "throw" | "abort") {
  const child = spawn(process.execPath, [LOOP, way], { stdio: ["ignore", "pipe", "pipe"] });
  const stderr = text(child.stderr);
  const exit = once(child, "exit");
  await Promise.race([once(child.stdout, "data"), exit]);
  await pause(Math.random() * LATEST_MS);
  child.kill("SIGTERM");
  const [code, signal] = await exit;
  return { code, signal, stderr: await stderr };
}

const CLEAN = { code: 0, signal: null, stderr: "" };

test("a process told to end in the middle of a training step ends without a crash", {
  timeout: 120_000,
}, async () => {
  // Without the wait about every third exit crashed.
  const ways = ["exit", "exit", "exit", "exit", "abort"] as const;
  for (const ended of await Promise.all(ways.map(endDuringTraining)))
    assert.deepEqual(ended, CLEAN);
});

test("an error that nobody handles is what a process says that dies of it during training", {
  timeout: 60_000,
}, async () => {
  const { code, signal, stderr } = await endDuringTraining("throw");
  assert.deepEqual([code, signal], [1, null]);
  assert.match(stderr, /nobody handles this/);
  assert.doesNotMatch(stderr, /terminate called/);
});
