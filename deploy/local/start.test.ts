/**
 * `npm start` as its users see it: whole federations with every part real. A run that loses each
 * of its processes to `kill -9`, and in the end all at once, must arrive at the same models as a
 * run that is left alone.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { temporaryFolder } from "../stack/testing/temporary-folder.ts";
import { finish, readReport, type Started, start } from "./testing/npm-start.ts";

const CLI = resolve(import.meta.dirname, "../../clients/cli/main.ts");
const RUN = ["--rounds", "4", "--clients", "2", "--seed", "7"];

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

/**
 * Starts a finished federation again, which then continues, and runs the commands that it prints
 * for another organisation, as a user would in a folder of its own.
 */
async function joinAsPrinted(home: string): Promise<void> {
  const run = start(home, []);
  await run.line(/^The answers are those of member-01/);
  const cwd = temporaryFolder();
  const commands = run.output.flatMap((line) => line.match(/^ {2}npx plenary (.*)$/)?.[1] ?? []);
  assert.deepEqual(
    commands.map((command) => command.split(" ")[0]),
    ["keygen", "airdrop", "federation", "join", "train"],
  );
  for (const command of commands) {
    const child = spawn(process.execPath, [CLI, ...command.split(" ")], { cwd });
    const [output, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close"),
    ]);
    assert.equal(code, 0, `${command}\n${output}${errors}`);
    if (command.startsWith("train")) {
      assert.match(output, /^round \d+: counted$/m);
      assert.match(output, /^took part in 1 rounds$/m);
    }
  }
  run.child.kill("SIGINT");
  assert.equal(await run.ended, 0, run.output.join("\n"));
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
    await joinAsPrinted(home);
    const other = start(home, ["--rounds", "9"]);
    assert.equal(await other.ended, 1);
    assert.match(other.output.join("\n"), /founded with --rounds 4, not with 9/);
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
});
