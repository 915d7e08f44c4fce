/** `npm start` with settings of its user: addresses, keys and options, right and wrong. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { Ports } from "@plenary/stack";
import { temporaryFolder } from "../stack/testing/temporary-folder.ts";
import { finish, readReport, start } from "./testing/npm-start.ts";
import { writeSparseSurvey } from "./testing/sparse-survey.ts";

const ONE_ROUND = ["--rounds", "1", "--clients", "2"];

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

test("runs on a survey of its user, listens where it is told, and hands its members nothing", async (t) => {
  const folder = temporaryFolder();
  const stranger = await strangersChain();
  t.after(() => stranger.close());
  const report = join(folder, "report.json");
  const survey = join(folder, "sparse");
  const groups = ["a", "b", "c", "d", "e", "f", "g", "h", "unseen 1", "unseen 2"];
  writeSparseSurvey(survey, { questions: 800, groups, density: 0.135 });
  const own = ["--dataset", `${survey}.json`, "--unseen", "unseen 1,unseen 2"];
  const run = start(join(folder, "home"), [...ONE_ROUND, ...own, "--once", "--report", report], {
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
  const { rounds, data } = readReport(report);
  assert.equal(rounds[0]?.counted, 2);
  assert.deepEqual([data.questions, data.training.groups.length], [800, 8]);
  assert.deepEqual(data.unseen.groups, ["unseen 1", "unseen 2"]);
  assert.match(output, /^800 questions; members have 8 groups with \d+ to \d+ answers/m);
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
    [["--unseen", "nobody"], {}, /unseen group "nobody" does not exist/],
    [[], { PLENARY_PORT: "0" }, /PLENARY_PORT must be a port/],
    [[], { DATABASE_URL: "postgresql://nobody@127.0.0.1:9/none" }, /DATABASE_URL does not answer/],
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
