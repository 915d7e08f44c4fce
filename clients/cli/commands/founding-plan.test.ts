import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { canonicalJson } from "@plenary/protocol";
import { loadDataset } from "@plenary/sdk";
import { tokensWith } from "../tokens.ts";
import { foundingPlan, type PlanFlags } from "./founding-plan.ts";

const folder = mkdtempSync(join(tmpdir(), "plenary-founding-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const gss = await loadDataset("gss");
/** On the General Social Survey, unless a questionnaire is given. */
const planOf = ({ dataset = "gss", ...flags }: Partial<PlanFlags>) => {
  const own = flags.questionnaire === undefined ? { dataset } : {};
  return foundingPlan({ seed: 1, ...flags, ...own }, tokensWith(6));
};
const configurationOf = async (flags: Partial<PlanFlags>) =>
  (await planOf(flags)).plan.configuration;

test("every section of a configuration has an option", async () => {
  const { configuration } = (
    await planOf({
      name: "Council",
      training: file("training.json", '{"localSteps": 5}'),
      predictor: '{"name":"tilt","latent":4,"hidden":16,"scoringSteps":1}',
      strategy: "fedavgm",
      codec: ["int32", "int8"],
      pipeline: '[{"name":"clip","maxNorm":2}]',
      maxNorm: 3,
      pay: '{"name":"data-size","cap":100}',
      reward: "12.5",
      quorum: 4,
      minimum: 3,
      rounds: 9,
      collect: 20,
      deadline: 60,
      grace: 90,
      maxUpdates: 10,
      maxWeight: 500,
      private: true,
    })
  ).plan;
  assert.equal(configuration.version, 2);
  const { name, visibility, training, strategy, screening, contribution } = configuration;
  assert.deepEqual([name, visibility, screening.maxNorm], ["Council", "private", 3]);
  assert.equal(training.localSteps, 5);
  assert.ok(Number(training.learningRate) > 0, "the other settings keep their defaults");
  assert.deepEqual(strategy, { name: "fedavgm", momentum: 58_982 });
  assert.deepEqual(contribution, { name: "data-size", cap: 100 });
  assert.equal(configuration.predictor.latent, 4);
  assert.deepEqual(configuration.codecs, [{ name: "int32" }, { name: "int8" }]);
  assert.equal(configuration.rewardPerRound, "12500000");
  assert.deepEqual(configuration.rounds, {
    quorum: 4,
    minimum: 3,
    total: 9,
    collectSeconds: 20,
    deadlineSeconds: 60,
    graceSeconds: 90,
  });
  assert.deepEqual([configuration.limits.maxUpdates, configuration.limits.maxWeight], [10, 500]);
});

test("a whole configuration founds the same federation again, and options win over it", async () => {
  const first = await configurationOf({ rounds: 5, pay: "data-size", quorum: 2 });
  const configuration = file("configuration.json", JSON.stringify(first));
  assert.equal(canonicalJson(await configurationOf({ configuration })), canonicalJson(first));
  const changed = await configurationOf({ configuration, rounds: 6, reward: "1" });
  assert.deepEqual([changed.rounds.total, changed.rounds.quorum], [6, 2]);
  assert.equal(changed.rewardPerRound, "1000000");
  await assert.rejects(configurationOf({ configuration, seed: 2 }), {
    code: "invalid-input",
    message: /initialModel is .*, but these data, predictor and seed make/,
  });
});

test("a questionnaire with held-out answers needs no data set", async () => {
  const stem = file("survey.json", JSON.stringify(gss.questionnaire)).replace(".json", "");
  file("survey.emb.i8", gss.embeddingBytes);
  const [one, two] = gss.answersOf(gss.split(7).unseen).groups;
  assert.ok(one && two);
  const rows = [one, two].flatMap(({ id, answers }) =>
    answers.map((answer) => JSON.stringify({ ...answer, group: id })),
  );
  const heldOut = file("held-out.jsonl", rows.join("\n"));
  const own = { questionnaire: stem };
  assert.deepEqual(
    (await planOf({ ...own, heldOut })).heldOut?.groups.map(({ id }) => id),
    [one.id, two.id],
  );
  const unseen = [two.id];
  assert.deepEqual(
    (await planOf({ ...own, heldOut, unseen })).heldOut?.groups.map(({ id }) => id),
    unseen,
  );
  const without = await configurationOf(own);
  assert.deepEqual([without.heldOut, without.contribution.name], [null, "data-size"]);
  const named = await planOf({ unseen });
  assert.deepEqual(
    named.heldOut?.groups.map(({ id }) => id),
    unseen,
  );
  file("survey.emb.i8", gss.embeddingBytes.slice(0, -1));
  await assert.rejects(planOf(own), { message: /SHA-256 is .*, not .*\. Make both/ });
});

test("what is wrong is refused before anybody is asked for money", async () => {
  const single = gss.answersOf(gss.split(7).unseen.slice(0, 1)).groups.map((group) => {
    const [answer] = group.answers;
    return JSON.stringify({ ...answer, group: group.id });
  });
  const cases: [Partial<PlanFlags>, RegExp][] = [
    [{ training: '{"localSteps": 0}' }, /training.*localSteps/],
    [{ training: '{"steps": 3}' }, /steps is not a known field/],
    [{ training: "{" }, /not valid JSON/],
    [{ predictor: "oracle" }, /oracle/],
    [{ codec: ["zip"] }, /zip/],
    [{ pay: "guess" }, /guess/],
    [{ pipeline: '[{"name":"guess"}]' }, /guess/],
    [{ quorum: 300 }, /rounds\.quorum/],
    [{ collect: 400 }, /collectSeconds is 400, which must not be above/],
    [{ unseen: ["nobody"] }, /nobody/],
    [{ maxUpdates: 4096, maxWeight: 16_384 }, /2\^26/],
    [{ configuration: file("typo.json", '{"training_": {}}') }, /training_ is not a known field/],
    [{ name: "a\u001b[2J" }, /cannot be printed/],
    [{ heldOut: file("short.jsonl", single.join("\n")) }, /answers two questions or more/],
  ];
  for (const [flags, message] of cases)
    await assert.rejects(planOf(flags), { code: "invalid-input", message }, JSON.stringify(flags));
  const both = { seed: 1, dataset: "gss", questionnaire: "survey" };
  await assert.rejects(foundingPlan(both, tokensWith(6)), { message: /not both/ });
});
