/** The README's example, word for word, as one of two members of a real federation. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { tokenAccountAddress } from "@plenary/chain";
import type { AnswerSet, Questionnaire } from "@plenary/protocol";
import { connectTo, createKeypair, openFederation, readKeypair, tokenBalance } from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { foundFederation, ROOT, startGround } from "./local-federation.ts";

const ROUNDS = 3;

test("an organisation joins, trains three rounds and claims with the ten lines of the README", async (t) => {
  const ground = await startGround(t);
  const { stack, folder } = ground;
  const founded = await foundFederation(ground, { total: ROUNDS });
  const { dataset } = founded;
  const [mine = "", other = ""] = dataset.split(7).training;
  await prepareFolder(folder, dataset.answersOf([mine]), dataset.questionnaire);
  const owner = (await readKeypair(join(folder, "organisation.json"))).publicKey;
  const neighbour = Keypair.generate();
  for (const key of [owner, neighbour.publicKey]) await founded.equip(key);

  const example = runExample(folder, [stack.serviceUrl, stack.rpcUrl]);
  const federation = await openFederation({ service: stack.serviceUrl, rpc: stack.rpcUrl });
  const answers = dataset.answersOf([other]);
  const member = await federation.join({
    keypair: neighbour,
    answers,
    state: join(folder, "neighbour"),
  });
  const outcomes: string[] = [];
  for await (const { outcome } of member.train()) outcomes.push(outcome);
  assert.deepEqual(outcomes, ["counted", "counted", "counted"]);

  const { output, code } = await example;
  assert.equal(code, 0, output);
  const weight = dataset.answersOf([mine]).groups[0]?.answers.length;
  const lines = output.trim().split("\n");
  assert.deepEqual(
    lines.slice(0, ROUNDS),
    Array.from({ length: ROUNDS }, (_, i) => `round ${i + 1}: counted, weight ${weight}`),
  );
  const [, amount = "", transaction = ""] =
    /^claimed (\d+) in transaction (\w+)$/.exec(lines[ROUNDS] ?? "") ?? [];
  assert.ok(BigInt(amount) > 0n, output);
  const connection = connectTo(stack.rpcUrl);
  assert.equal(
    await tokenBalance(connection, tokenAccountAddress(founded.rewardMint, owner)),
    BigInt(amount),
  );
  const found = await connection.getTransaction(transaction, { maxSupportedTransactionVersion: 0 });
  assert.equal(found?.meta?.err, null);

  const claim = await member.claim();
  assert.equal(claim.round, BigInt(ROUNDS));
  const leftOver =
    BigInt(federation.configuration.rewardPerRound) * BigInt(ROUNDS) -
    claim.amount -
    BigInt(amount);
  // Shares are rounded down, by less than one base unit for each member and round.
  assert.ok(leftOver >= 0n && leftOver < 2n * BigInt(ROUNDS), String(leftOver));
  assert.equal(claim.after - claim.before, claim.amount);
  const again = await member.claim();
  assert.deepEqual([again.amount, again.transaction, again.round], [0n, null, BigInt(ROUNDS)]);
  assert.deepEqual([again.before, again.after], [claim.after, claim.after]);
  for (let round = 1n; round <= BigInt(ROUNDS); round += 1n) {
    const { valid, finding } = await federation.verifyRound(round);
    assert.ok(valid, finding?.text);
  }
  const status = await member.status();
  assert.equal(status.federation.status, "complete");
  assert.equal(status.member?.counted, ROUNDS);
  await member.close();
});

/** What the example expects where it runs: answers, a keypair, and the SDK among the packages. */
async function prepareFolder(
  folder: string,
  answers: AnswerSet,
  questionnaire: Questionnaire,
): Promise<void> {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const [, example = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  assert.match(example, /@plenary\/sdk/);
  await writeFile(join(folder, "example.ts"), example);
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
  await createKeypair(join(folder, "organisation.json"));
  await writeFile(join(folder, "answers.csv"), csvOf(answers, questionnaire));
}

function csvOf(answers: AnswerSet, questionnaire: Questionnaire): string {
  const options = new Map(
    questionnaire.questions.map((question) => [question.id, question.options]),
  );
  const rows = answers.groups.flatMap(({ id, answers: given }) =>
    given.flatMap(({ question, counts }) =>
      counts.map((count, i) => `${question},${id},"${options.get(question)?.[i]}",${count}`),
    ),
  );
  return ["question,group,option,count", ...rows].join("\n");
}

async function runExample(
  folder: string,
  args: readonly string[],
): Promise<{ output: string; code: number | null }> {
  const child = spawn(process.execPath, [join(folder, "example.ts"), ...args], { cwd: folder });
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { output: output + errors, code };
}
