import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { encodeEmbeddings, PlenaryError, sha256, toHex } from "@plenary/protocol";
import { DATASETS, dealGroups, loadDataset, loadQuestionnaire, matchGroups } from "./index.ts";

// numpy.random.default_rng(split).permutation(range(18)), from the PyTorch reference of the default
// predictor.
const PERMUTATIONS = {
  7: [3, 14, 6, 8, 1, 10, 0, 7, 4, 16, 15, 17, 13, 2, 12, 5, 9, 11],
  20: [2, 15, 17, 1, 9, 4, 0, 13, 10, 7, 16, 5, 12, 14, 8, 3, 6, 11],
  21: [4, 15, 0, 12, 9, 14, 6, 7, 11, 5, 1, 8, 17, 16, 13, 10, 3, 2],
} as const;

for (const name of DATASETS) {
  test(`${name}: questionnaire, embeddings and answers belong together`, async () => {
    const dataset = await loadDataset(name);
    assert.equal(dataset.questionnaire.name, name);
    assert.equal(dataset.questionnaire.embeddings.blob, toHex(sha256(dataset.embeddingBytes)));
    assert.equal(dataset.embeddings.dimension, 384);
    assert.equal(dataset.answers.groups.length, 18);
  });

  test(`${name}: splits are numpy's`, async () => {
    const dataset = await loadDataset(name);
    const ids = dataset.answers.groups.map(({ id }) => id);
    for (const [number, order] of Object.entries(PERMUTATIONS)) {
      const { training, unseen } = dataset.split(Number(number));
      assert.deepEqual(
        [...training, ...unseen],
        order.map((index) => ids[index]),
      );
      assert.equal(training.length, 12);
    }
  });

  test(`${name}: families are held out whole, and hold about 15 % of the questions`, async () => {
    const { questionnaire, heldOutFamilies, answersOf, answers } = await loadDataset(name);
    const held = questionnaire.questions.filter(({ family }) => heldOutFamilies.includes(family));
    assert.ok(held.length >= 0.15 * questionnaire.questions.length);
    assert.ok(held.length < 0.25 * questionnaire.questions.length);
    const rest = answersOf(
      answers.groups.map(({ id }) => id),
      heldOutFamilies,
    );
    const ids = new Set(held.map(({ id }) => id));
    assert.ok(
      rest.groups.every((group) => group.answers.every(({ question }) => !ids.has(question))),
    );
  });
}

test("sister items of other decades and surveys share a family", async () => {
  const { questionnaire } = await loadDataset("us-opinion");
  const family = new Map(questionnaire.questions.map((question) => [question.id, question.family]));
  for (const [one, other] of [
    ["gss1972_abrape", "gss2010_abrape"],
    ["gss18_race", "cces16_race"],
    ["anes1978_inc", "cces16_inc"],
    ["gss18_polviews", "cces16_ideo"],
  ] as const)
    assert.equal(family.get(one), family.get(other), `${one} and ${other}`);
  assert.notEqual(family.get("gss18_natfare"), family.get("gss18_natsci"));
});

test("a split that is not committed is a partition and always the same", async () => {
  const dataset = await loadDataset("gss");
  const { training, unseen } = dataset.split(1_000_003);
  assert.deepEqual(
    [...training, ...unseen].sort(),
    dataset.answers.groups.map(({ id }) => id).sort(),
  );
  assert.deepEqual(dataset.split(1_000_003), { training, unseen });
  assert.notDeepEqual(dataset.split(1_000_004), { training, unseen });
});

/** A set in the form of a data set's JSON file, with the least that it needs. */
function smallSource(change: Readonly<Record<string, unknown>> = {}) {
  return {
    name: "small",
    title: "Small",
    source: "invented",
    citation: "",
    licence: "none",
    questions: [0, 1, 2].map((q) => ({
      id: `q${q}`,
      text: `Is ${q} even?`,
      options: ["Yes", "No"],
    })),
    groups: ["a", "b", "c"].map((id) => ({ id, label: id })),
    distributions: [0, 1, 2].flatMap((q) => [0, 1, 2].map((g) => [q, g, 9, [4 + g, 5 - g]])),
    ...change,
  };
}

async function loadSmall(t: TestContext, change: Readonly<Record<string, unknown>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "plenary-data-"));
  t.after(() => rm(folder, { recursive: true }));
  const source = smallSource(change);
  const rows = source.questions.reduce((sum, { options }) => sum + options.length, 0);
  await writeFile(join(folder, "small.json"), JSON.stringify(source));
  await writeFile(
    join(folder, "small.emb.i8"),
    encodeEmbeddings(
      Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i + 1)),
      4,
    ),
  );
  return loadDataset(join(folder, "small"));
}

test("groups with few answers are split where no others are there, and too few are refused", async (t) => {
  const { answers, split } = await loadSmall(t);
  assert.equal(answers.groups[0]?.answers.length, 3);
  const { training, unseen } = split(1);
  assert.deepEqual([training.length, unseen.length], [2, 1]);
  assert.deepEqual([...training, ...unseen].sort(), ["a", "b", "c"]);
  const two = await loadSmall(t, {
    distributions: [0, 1].flatMap((q) => [0, 1].map((g) => [q, g, 9, [4, 5]])),
  });
  assert.deepEqual([two.split(1).training.length, two.split(1).unseen.length], [1, 1]);
  const one = await loadSmall(t, { distributions: [0, 1].map((q) => [q, 0, 9, [4, 5]]) });
  assert.throws(() => one.split(1), {
    code: "invalid-input",
    message: /two groups.*1 of the 1 groups/,
  });
});

test("unseen groups are named in the file or by the caller", async (t) => {
  const { splitOff, split } = await loadSmall(t, { unseen: ["b"] });
  assert.deepEqual(split(5), { training: ["a", "c"], unseen: ["b"] });
  assert.deepEqual(splitOff(["c", "a"]), { training: ["b"], unseen: ["c", "a"] });
  for (const [unseen, message] of [
    [["d"], /unseen group "d" does not exist: the groups are a, b, c/],
    [["a", "a\u200b"], /is named twice/],
  ] as const)
    assert.throws(() => splitOff(unseen), { code: "invalid-input", message });
  assert.throws(
    () => dealGroups(splitOff(["a", "b", "c"]).training, 1),
    /No group is left to train/,
  );
});

test("names that could be mistaken for each other are refused when a set is loaded", async (t) => {
  const [question] = smallSource().questions;
  const twice = [question, { ...question, options: ["A", "B"] }, question];
  await assert.rejects(loadSmall(t, { questions: twice }), { message: /both have the id "q0"/ });
  const options = [{ ...question, options: ["Other", "Red", "Other"] }];
  await assert.rejects(loadSmall(t, { questions: options, distributions: [] }), {
    message: /"q0" has the option "Other" twice/,
  });
  const groups = ["Qu\u00e9bec", "Que\u0301bec", "c"].map((id) => ({ id, label: id }));
  await assert.rejects(loadSmall(t, { groups }), {
    code: "answers-invalid",
    message: /look the same/,
  });
  const family = [0, 1, 2].map((q) => ({ ...question, id: `q12_${q}`, family: "own" }));
  const { questionnaire } = await loadSmall(t, { questions: family });
  assert.deepEqual(
    questionnaire.questions.map((own) => own.family),
    ["own", "own", "own"],
  );
});

test("more organisations than groups are refused, and each organisation gets at least one", () => {
  const groups = ["a", "b", "c", "d", "e"];
  assert.deepEqual(dealGroups(groups, 2), [
    ["a", "c", "e"],
    ["b", "d"],
  ]);
  for (const clients of [6, 0, 1.5])
    assert.throws(() => dealGroups(groups, clients), {
      code: "invalid-input",
      message: /5 training groups/,
    });
});

test("a data set is loaded by path, and a broken one says what is wrong", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "plenary-data-"));
  t.after(() => rm(folder, { recursive: true }));
  const data = join(import.meta.dirname, "./data");
  await copyFile(join(data, "gss.json"), join(folder, "mine.json"));
  await assert.rejects(loadDataset(join(folder, "mine")), {
    code: "file-unreadable",
    message: /mine\.emb\.i8/,
  });
  await copyFile(join(data, "gss.emb.i8"), join(folder, "mine.emb.i8"));
  assert.equal((await loadDataset(join(folder, "mine.json"))).questionnaire.questions.length, 72);
  await copyFile(join(data, "us-opinion.emb.i8"), join(folder, "mine.emb.i8"));
  await assert.rejects(loadDataset(join(folder, "mine")), {
    code: "invalid-input",
    message: /another data set/,
  });
  await writeFile(join(folder, "mine.json"), '{"name":"x"}');
  await assert.rejects(
    loadDataset(join(folder, "mine")),
    (error) => error instanceof PlenaryError && error.code === "invalid-input",
  );
  await writeFile(join(folder, "mine.json"), "{");
  await assert.rejects(loadDataset(join(folder, "mine")), {
    code: "invalid-input",
    message: /not valid JSON/,
  });
  await assert.rejects(loadDataset("nosuchset"), {
    code: "file-unreadable",
    message: /us-opinion, gss, sapa-spi/,
  });
});

test("a questionnaire is taken out of a data set", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "plenary-data-"));
  t.after(() => rm(folder, { recursive: true }));
  const data = join(import.meta.dirname, "./data");
  for (const file of ["gss.json", "gss.emb.i8"])
    await copyFile(join(data, file), join(folder, file));
  const { questionnaire } = await loadQuestionnaire(join(folder, "gss.json"));
  assert.deepEqual(questionnaire, (await loadDataset("gss")).questionnaire);
});

test("group names are found as they look, also those with commas in a list with commas", () => {
  const ids = ["rep, 18-29", "rep", "dem, 18-29", "Qu\u00e9bec"];
  const match = (list: string) => matchGroups(ids, list.split(","));
  assert.deepEqual(match("rep, 18-29,rep,Que\u0301bec"), {
    found: ["rep, 18-29", "rep", "Qu\u00e9bec"],
    unknown: null,
  });
  assert.equal(match("rep,dem,18\u201329").unknown, null);
  assert.deepEqual(match("rep,dem,30-44").unknown, "dem");
});
