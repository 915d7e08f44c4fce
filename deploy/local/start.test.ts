/**
 * `npm start` as its users see it: whole federations with every part real. A run that loses each
 * of its processes to `kill -9`, and in the end all at once, must arrive at the same models as a
 * run that is left alone.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { Ports } from "@plenary/stack";
import { temporaryFolder } from "../stack/testing/temporary-folder.ts";
import { parseReport, type Report } from "./report.ts";

const BOOT = resolve(import.meta.dirname, "../../boot.js");
const RUN = ["--rounds", "4", "--clients", "2", "--seed", "7"];
const ONE_ROUND = ["--rounds", "1", "--clients", "2"];

interface Started {
  readonly child: ChildProcess;
  readonly output: string[];
  /** Resolves with the first line that matches; rejects with all output if none came. */
  line(pattern: RegExp): Promise<string>;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

function start(
  home: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Started {
  const env: Record<string, string | undefined> = {
    ...process.env,
    PLENARY_HOME: home,
    ...environment,
  };
  // What a terminal would not have set: it makes node's test runner see a test in the child.
  delete env.NODE_TEST_CONTEXT;
  const child = spawn(process.execPath, [BOOT, "start", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  const waiting: {
    pattern: RegExp;
    resolve: (line: string) => void;
    reject: (error: Error) => void;
  }[] = [];
  const onLine = (line: string) => {
    output.push(line);
    for (const { pattern, resolve } of waiting) if (pattern.test(line)) resolve(line);
  };
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", onLine);
  const ended = once(child, "close").then(([code, signal]) => {
    for (const { pattern, reject } of waiting)
      reject(new Error(`No ${pattern} in:\n${output.join("\n")}`));
    return code ?? signal;
  });
  const line = (pattern: RegExp): Promise<string> => {
    const said = output.find((candidate) => pattern.test(candidate));
    if (said !== undefined) return Promise.resolve(said);
    return new Promise((resolve, reject) => waiting.push({ pattern, resolve, reject }));
  };
  return { child, output, line, ended };
}

async function finish(started: Started): Promise<string> {
  const code = await started.ended;
  const output = started.output.join("\n");
  assert.equal(code, 0, output);
  return output;
}

function readReport(file: string): Report {
  return parseReport(JSON.parse(readFileSync(file, "utf8")));
}

function recordedPid(home: string, name: string): number {
  const record: unknown = JSON.parse(readFileSync(join(home, "processes", `${name}.json`), "utf8"));
  assert.ok(
    typeof record === "object" &&
      record !== null &&
      "pid" in record &&
      typeof record.pid === "number",
  );
  return record.pid;
}

/** Kills boot.js and its child, as `kill -9` of both does, and leaves their processes behind. */
async function killAll({ child, ended }: Started): Promise<void> {
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")
    .trim()
    .split(" ");
  for (const pid of children) process.kill(Number(pid), "SIGKILL");
  child.kill("SIGKILL");
  await ended;
}

/**
 * Another program that answers as a chain on 127.0.0.1, on a port whose successor is free too.
 */
async function strangersChain() {
  const port = await new Ports().take({ purpose: "a stranger", count: 2, host: "127.0.0.2" });
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: "ok" }));
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return { port, requests: () => requests, close: () => server.close() };
}

describe("npm start", { concurrency: false }, () => {
  const undisturbed = temporaryFolder();
  const file = join(undisturbed, "report.json");
  const home = join(undisturbed, "home");

  test("runs a federation to its last claim and reports it", async () => {
    const run = start(home, [...RUN, "--once", "--report", file]);
    const output = await finish(run);
    const report = readReport(file);
    assert.deepEqual(
      report.rounds.map(({ number, counted, refused }) => ({ number, counted, refused })),
      [1, 2, 3, 4].map((number) => ({ number, counted: 2, refused: 0 })),
    );
    report.rounds.slice(1).forEach((round, index) => {
      assert.equal(round.baseRoot, report.rounds[index]?.nextRoot);
    });
    assert.equal(report.dataset, "us-opinion");
    assert.equal(report.totals.claimed, report.totals.earned);
    assert.equal(
      report.claims.reduce((sum, { amount }) => sum + BigInt(amount), 0n),
      BigInt(report.totals.claimed),
    );
    assert.ok(BigInt(report.totals.earned) > 0n);
    assert.ok(
      (report.rounds.at(-1)?.evaluation.unseen.mean ?? 0) > report.baselines.uniform.unseen.mean,
    );
    assert.match(output, /round 4\/4 {2}2 updates/);
    assert.deepEqual(readdirSync(join(home, "processes")), []);
  });

  test("reports a finished federation again as it was, and refuses other options", async () => {
    const again = join(undisturbed, "again.json");
    await finish(start(home, ["--once", "--report", again]));
    assert.deepEqual(readReport(again), readReport(file));
    const other = start(home, ["--rounds", "9"]);
    assert.equal(await other.ended, 1);
    assert.match(other.output.join("\n"), /founded with --rounds 4, not 9/);
  });

  test("arrives at the same models after every process, and then everything, is killed", async () => {
    const folder = temporaryFolder();
    const disturbed = join(folder, "home");
    const first = start(disturbed, RUN);
    await first.line(/^round 1\/4/);
    for (const name of ["worker", "redis", "server", "localnet", "postgres", "member-01"]) {
      process.kill(recordedPid(disturbed, name), "SIGKILL");
      await first.line(new RegExp(`^${name} is back`));
    }
    await killAll(first);

    const second = start(disturbed, []);
    await second.line(/^Ending postgres .* left over/);
    await second.line(/^Continuing federation/);
    second.child.kill("SIGINT");
    assert.equal(await second.ended, 0, second.output.join("\n"));

    const report = join(folder, "report.json");
    await finish(start(disturbed, ["--once", "--report", report]));
    const roots = (path: string) => readReport(path).rounds.map(({ nextRoot }) => nextRoot);
    assert.deepEqual(roots(report), roots(file));
  });

  test("refuses a folder in use; when boot.js dies, the run ends and its folder is free", async () => {
    const folder = join(temporaryFolder(), "home");
    const first = start(folder, RUN);
    await first.line(/^Service: /);
    const second = start(folder, []);
    assert.equal(await second.ended, 1);
    assert.match(second.output.join("\n"), /is in use: process \d+ runs there/);
    first.child.kill("SIGKILL");
    await first.line(/^Stopping/);
    // It waits for the one that is stopping.
    const third = start(folder, []);
    await third.line(/^Service: /);
    third.child.kill("SIGTERM");
    assert.equal(await third.ended, 0, third.output.join("\n"));
  });

  test("listens where it is told, on a chain of its own, and hands its members nothing", async (t) => {
    const folder = temporaryFolder();
    const stranger = await strangersChain();
    t.after(() => stranger.close());
    const report = join(folder, "report.json");
    const run = start(join(folder, "home"), [...ONE_ROUND, "--once", "--report", report], {
      PLENARY_HOST: "::1",
      PLENARY_LOCALNET_HOST: "127.0.0.2",
      PLENARY_LOCALNET_PORT: String(stranger.port),
      // Each would be every member's, were it handed on.
      PLENARY_OWNER: "11111111111111111111111111111111",
      PLENARY_UPDATE_KEY: join(folder, "missing.json"),
      NODE_USE_ENV_PROXY: "1",
      HTTP_PROXY: "http://127.0.0.1:9",
    });
    const output = await finish(run);
    assert.match(output, /^Service: http:\/\/\[::1\]:\d+$/m);
    assert.match(output, new RegExp(`^Chain: .* http://127\\.0\\.0\\.2:${stranger.port}$`, "m"));
    assert.equal(readReport(report).rounds[0]?.counted, 2);
    assert.equal(stranger.requests(), 0);
    const log = readFileSync(join(folder, "home", "logs", "localnet.log"), "utf8");
    assert.doesNotMatch(log, /not loopback/);
    for (const name of ["localnet", "server", "worker"]) {
      const lines = readFileSync(join(folder, "home", "logs", `${name}.log`), "utf8").trim();
      for (const line of lines.split("\n")) assert.doesNotThrow(() => JSON.parse(line), line);
    }
  });

  test("a member whose settings are wrong ends the run, and the terminal says why", async () => {
    const folder = join(temporaryFolder(), "home");
    const first = start(folder, [...ONE_ROUND]);
    await first.line(/^member-02 is member/);
    first.child.kill("SIGINT");
    await first.ended;
    const answers = join(folder, "members", "federation-1", "member-02", "answers.jsonl");
    writeFileSync(answers, '{"question": "none", "group": "none", "counts": [1]}\n');
    const second = start(folder, []);
    assert.equal(await second.ended, 1);
    const output = second.output.join("\n");
    assert.match(output, /^member-02 ended with code 2 and is not started again: .*none/m);
    assert.match(output, /^member-02 cannot take part, and the federation waits for it: .*none/m);
  });

  test("refuses more organisations than groups, an unknown survey and a wrong setting at once", async () => {
    const folder = temporaryFolder();
    const refusals: [string[], Record<string, string>, RegExp][] = [
      [["--clients", "200"], {}, /200 organisations cannot share 12 training groups/],
      [["--dataset", "nowhere.json"], {}, /nowhere\.json.*there is no such file/],
      [[], { PLENARY_PORT: "0" }, /PLENARY_PORT must be a port/],
      [
        [],
        { DATABASE_URL: "postgresql://nobody@127.0.0.1:9/none" },
        /DATABASE_URL does not answer/,
      ],
    ];
    for (const [args, environment, message] of refusals) {
      const run = start(join(folder, "home"), args, environment);
      assert.equal(await run.ended, 1);
      assert.match(run.output.join("\n"), message);
    }
    writeFileSync(join(folder, "file"), "");
    const unwritable = start(join(folder, "file", "home"), []);
    assert.equal(await unwritable.ended, 1);
    assert.match(unwritable.output.join("\n"), /Cannot write in .*set PLENARY_HOME/);
  });
});
