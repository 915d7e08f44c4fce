/** The walk of docs/verify.md, command by command: a stranger sees what the page says. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listFederations, PROGRAM_ID, tokenAccountAddress } from "@plenary/chain";
import { connectTo, readKeypair, tokenBalance } from "@plenary/sdk";
import { ROOT, STAKE } from "./local-federation.ts";

/** A command line, and the lines that the page shows after it. In them, "..." matches anything. */
interface Step {
  readonly line: string;
  readonly shown: readonly string[];
}

/** Commands that keep running, with what they print when they are ready. */
const STAYING: readonly (readonly [RegExp, RegExp])[] = [
  [/^npm start/, /The service stays up: (\S+)\/docs, chain (\S+)\. /],
  [/^npm run cheating-federation/, /Service: (\S+), chain: (\S+)\. /],
  [/^npx plenary watch/, /round 7 is right/],
];

/** Exit codes other than 0, by what the page shows. */
const EXITS: readonly (readonly [RegExp, number])[] = [
  [/ is wrong: /, 5],
  [/\[not-found\]$/, 2],
];

test("a stranger gets from git clone to a right round, and from a wrong one to its payment", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "plenary-walk-"));
  const shells: ChildProcess[] = [];
  t.after(async () => {
    await Promise.all(shells.map(end));
    // Ending a federation's shell ends everything that it has started.
    assert.deepEqual(await readdir(join(folder, "home", "processes")), []);
    await rm(folder, { recursive: true, force: true });
  });
  const environment: Record<string, string | undefined> = {
    ...process.env,
    PLENARY_HOME: join(folder, "home"),
  };
  // A terminal would not have set it: it makes Node's test runner see a test in the child.
  delete environment.NODE_TEST_CONTEXT;
  const steps = stepsOf(await readFile(join(ROOT, "docs/verify.md"), "utf8"));
  assert.ok(steps.length > 10);
  for (const { line, shown } of steps) {
    // This repository is the clone, and the addresses are those that were printed.
    if (/^(git clone|cd) /.test(line)) continue;
    const [, variable = ""] = /^export (\w+)=/.exec(line) ?? [];
    if (variable !== "") {
      assert.ok(environment[variable], `${variable} is printed before it is exported`);
      continue;
    }
    const command = line
      .replaceAll("stranger.json", join(folder, "stranger.json"))
      .replaceAll("./watch", join(folder, "watch"))
      .replaceAll("9464", "0");
    const shell = spawn("sh", ["-c", command], { cwd: ROOT, env: environment, detached: true });
    shells.push(shell);
    const staying = STAYING.find(([pattern]) => pattern.test(line));
    const output =
      staying === undefined ? await outputOf(shell, shown) : await ready(shell, staying[1]);
    const [, service, rpc] = staying?.[1].exec(output) ?? [];
    if (service !== undefined)
      Object.assign(environment, { PLENARY_SERVICE_URL: service, PLENARY_RPC_URL: rpc });
    assertShown(output, shown);
  }
  await assertPaid(environment.PLENARY_RPC_URL ?? "", join(folder, "stranger.json"));
});

function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  for (const [, language, text = ""] of page.matchAll(/^```(sh|text)\n(.*?)^```$/gms)) {
    const lines = text.trimEnd().split("\n");
    if (language === "sh") steps.push(...lines.map((line) => ({ line, shown: [] })));
    else steps.push({ line: steps.pop()?.line ?? "", shown: lines });
  }
  return steps;
}

/**
 * Everything that a command prints until it ends, with the exit code that fits what the page shows.
 */
async function outputOf(shell: ChildProcess, shown: readonly string[]): Promise<string> {
  const output = collect(shell);
  const [code] = await once(shell, "close");
  const [, expected] = EXITS.find(([pattern]) => shown.some((line) => pattern.test(line))) ?? [
    null,
    0,
  ];
  assert.equal(code, expected, output());
  return output();
}

/** What a command prints until it is ready. */
function ready(shell: ChildProcess, pattern: RegExp): Promise<string> {
  const output = collect(shell);
  return new Promise((done, fail) => {
    const look = () => pattern.test(output()) && done(output());
    shell.stdout?.on("data", look);
    shell.once("close", () => fail(new Error(`it ended before ${pattern}:\n${output()}`)));
  });
}

function collect(shell: ChildProcess): () => string {
  let text = "";
  for (const stream of [shell.stdout, shell.stderr])
    stream?.on("data", (piece) => {
      text += piece;
    });
  return () => text;
}

function assertShown(output: string, shown: readonly string[]): void {
  for (const line of shown) {
    const pattern = line
      .replaceAll("9464", "...")
      .split("...")
      .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
      .join(".*");
    assert.match(output, new RegExp(`^${pattern}$`, "m"));
  }
}

async function end(shell: ChildProcess): Promise<void> {
  if (shell.pid === undefined || shell.exitCode !== null || shell.signalCode !== null) return;
  const closed = once(shell, "close");
  // The shell and everything that it started.
  process.kill(-shell.pid, "SIGTERM");
  await closed;
}

/** The stranger has its deposit back, and half of the bond. */
async function assertPaid(rpc: string, keypair: string): Promise<void> {
  const connection = connectTo(rpc);
  const stranger = (await readKeypair(keypair)).publicKey;
  const [federation] = await listFederations(connection, PROGRAM_ID);
  assert.ok(federation);
  assert.equal(federation.bond, 0n);
  assert.equal(
    await tokenBalance(connection, tokenAccountAddress(federation.rewardMint, stranger)),
    STAKE + STAKE / 2n,
  );
}
