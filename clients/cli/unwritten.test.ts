import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "plenary-unwritten-"));
after(() => rmSync(folder, { recursive: true }));
const MAIN = join(import.meta.dirname, "main.ts");

/** Runs the command with an output whose reader has left before the command starts. */
async function unread(args: readonly string[]) {
  // The shell starts the command only after the other end of its pipe is closed.
  const script = 'read -r _; exec "$0" "$@"';
  const command = spawn("sh", ["-c", script, process.execPath, MAIN, ...args]);
  command.stdout.destroy();
  await once(command.stdout, "close");
  command.stdin.end("go\n");
  const [stderr, [code]] = await Promise.all([text(command.stderr), once(command, "close")]);
  return { code, stderr };
}

/** Runs the command with the named streams on a full disk. */
async function onFullDisk(args: readonly string[], streams: readonly ("stdout" | "stderr")[]) {
  const full = openSync("/dev/full", "w");
  const stdio = (["stdout", "stderr"] as const).map((name) =>
    streams.includes(name) ? full : ("pipe" as const),
  );
  const command = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", ...stdio] });
  closeSync(full);
  const said = command.stderr === null ? "" : text(command.stderr);
  const [stderr, [code]] = await Promise.all([said, once(command, "close")]);
  return { code, stderr };
}

test("help ends quietly when its reader has left", async () => {
  assert.deepEqual(await unread(["join", "--help"]), { code: 141, stderr: "" });
});

test("a command finishes its work when its reader has left", async () => {
  const key = join(folder, "unread.json");
  assert.deepEqual(await unread(["keygen", key]), { code: 0, stderr: "" });
  assert.equal(JSON.parse(readFileSync(key, "utf8")).length, 64);
});

const options = { skip: !existsSync("/dev/full") && "this system has no /dev/full" };

test(
  "a command on a full disk finishes its work, and says that text is lost",
  options,
  async () => {
    const key = join(folder, "full.json");
    const { code, stderr } = await onFullDisk(["keygen", key], ["stdout"]);
    assert.equal(code, 1);
    assert.match(stderr, /^plenary: Standard output .*ENOSPC.* \[output-lost\]\n$/);
    assert.equal(JSON.parse(readFileSync(key, "utf8")).length, 64);
    const help = await onFullDisk(["join", "--help"], ["stdout"]);
    assert.equal(help.code, 1);
    assert.match(help.stderr, /^plenary: .*\[output-lost\]\n$/);
  },
);

test("the exit code remains when nothing can be said", options, async () => {
  const both = ["stdout", "stderr"] as const;
  assert.equal((await onFullDisk(["status"], both)).code, 2);
});
