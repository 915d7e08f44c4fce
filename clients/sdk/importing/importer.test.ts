/** Exports of institutes, and what an import understands. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readMapping } from "./mapping.ts";
import { asked, cells, importText } from "./testing/import-text.ts";

const WIDE = `id,Party,age,q1,q2
a,Left,23,Yes,good
b,Right,45,No,bad
c,Left,67,Yes,Refused
d,Left,33,,bad
e,,51,No,good
`;

describe("one row a respondent", () => {
  test("groups of one column", async () => {
    const options = { groupings: [["party"]], missing: ["refused"], ignoreColumns: ["ID", "age"] };
    assert.deepEqual(await cells(WIDE, options), [
      "Left q1 2 0",
      "Left q2 1 1",
      "Right q1 0 1",
      "Right q2 0 1",
    ]);
    const { summary, questions } = await importText(WIDE, options);
    assert.deepEqual(summary.files[0]?.withoutGroup, [{ grouping: "party", rows: 1 }]);
    assert.deepEqual(summary.questions[1]?.missing, [{ value: "Refused", count: 1 }]);
    assert.equal(summary.questions[0]?.blank, 1);
    assert.deepEqual(questions[0], { id: "q1", text: "q1", options: ["Yes", "No"], family: "q1" });
  });

  test("groups of two columns together, one of them in bins, and of each alone", async () => {
    const options = {
      bins: new Map([["Age", [18, 30, 65]]]),
      questions: ["q1"],
      ignoreOthers: true,
    };
    assert.deepEqual(await cells(WIDE, { ...options, groupings: [["party", "age"]] }), [
      "Left, 18-29 q1 1 0",
      "Right, 30-64 q1 0 1",
      "Left, 65+ q1 1 0",
    ]);
    const both = await cells(WIDE, { ...options, groupings: [["party"], ["age"]] });
    assert.deepEqual(both.slice(0, 2), ["party: Left q1 2 0", "age: 18-29 q1 1 0"]);
  });

  test("weights become whole effective respondents", async () => {
    const rows = ["Yes,1", "Yes,1", "Yes,1", "Yes,3", "No,2", "No,"];
    const text = `q,wt\n${rows.join("\n")}\n`;
    // (1+1+1+3+2)^2 / (1+1+1+9+4) = 4 respondents, of whom 6/8 said yes.
    assert.deepEqual(await cells(text, { groupName: "all", weight: "wt" }), ["all q 3 1"]);
  });

  test("a row that stands for several respondents", async () => {
    const text = "q;n\nYes;310\nNo;40.0\n";
    assert.deepEqual(await cells(text, { groupName: "all", count: "n" }), ["all q 310 40"]);
  });

  test("a codebook gives ids, texts, labels and missing codes", async () => {
    const mapping = readMapping(
      "column,question,text,code,option\nq,trust,Do you trust us?,1,Yes\nq,,,2,No\nq,,,99,\nsex,,,1,Men\nsex,,,2,Women\n",
    );
    const text = "sex,q\n1,2.0\n2,1\n2,99\n1.0,1\n";
    const options = { groupings: [["sex"]], mapping };
    assert.deepEqual(await cells(text, options), ["Men trust 1 1", "Women trust 1 0"]);
    const { questions } = await importText(text, options);
    assert.equal(questions[0]?.text, "Do you trust us?");
    assert.deepEqual(
      readMapping(
        '{"columns":[{"column":"q","id":"trust","text":"Do you trust us?","options":{"1":"Yes","2":"No"},"missing":["99"]}]}',
      ).get("q")?.labels,
      mapping.get("q")?.labels,
    );
  });

  test("OpinionQA's information file is a codebook", async () => {
    const mapping = readMapping(
      'key,question,references,option_ordinal\nSAFE_W26,How safe?,"[\'Very safe\', ""Not too safe"", \'Refused\']","[1.0, 2.0]"\n',
    );
    const text = "QKEY,POLPARTY,SAFE_W26,WEIGHT_W26\n1,Dem,Not too safe,1\n2,Dem,Refused,1\n";
    const options = {
      groupings: [["POLPARTY"]],
      mapping,
      missing: ["Refused"],
      ignoreOthers: true,
    };
    assert.deepEqual(await cells(text, options), ["Dem SAFE_W26 0 1 0"]);
  });

  test("small cells are left out when asked", async () => {
    const options = { groupings: [["party"]], ignoreOthers: true, questions: ["q1"] };
    assert.deepEqual(await cells(WIDE, { ...options, smallestCell: 2 }), ["Left q1 2 0"]);
  });
});

describe("one row an answer", () => {
  test("counts, whatever the order of columns", async () => {
    const text = "count,option,group,question\n3,Yes,a,q\n4,No,a,q\n5,Yes,b,q\n";
    assert.deepEqual(await cells(text, {}), ["a q 3 4", "b q 5 0"]);
  });

  test("shares with respondents, of which some did not answer", async () => {
    const text = "question,group,option,pct,n\nq,a,Yes,60,200\nq,a,No,30,200\nq,a,Refused,10,200\n";
    const options = { share: "pct", respondents: "n", missing: ["refused"] };
    assert.deepEqual(await cells(text, options), ["a q 120 60"]);
  });

  test("weighted counts with one number of respondents", async () => {
    const text = "question,group,option,wn\nq,a,Yes,1.5\nq,a,No,0.75\n";
    assert.deepEqual(await cells(text, { weightedCount: "wn", respondents: "100" }), ["a q 67 33"]);
  });

  test("parts of a group add up when asked", async () => {
    const text = "question,group,age,option,count\nq,a,1,Yes,3\nq,a,2,Yes,4\nq,a,2,No,1\n";
    const options = { ignoreColumns: ["age"] };
    assert.match(
      await asked(text, { ...options, groupName: undefined }),
      /^3 .*\[sum-duplicates\]/,
    );
    assert.deepEqual(await cells(text, { ...options, sumDuplicates: true }), ["a q 7 1"]);
  });
});

test("codes that a codebook labels are options of a questionnaire that exists", async () => {
  const embeddings = { model: "none", dimension: 1, blob: "0".repeat(64) };
  const head = { version: 1 as const, name: "t", title: "", source: "", citation: "", licence: "" };
  const trust = { id: "trust", text: "Do you?", options: ["No", "Yes", "Never"], family: "trust" };
  const mapping = readMapping("column,question,code,option\nq,trust,1,yes\nq,,2,No\n");
  const questionnaire = { ...head, questions: [trust], embeddings };
  const options = { groupName: "all", mapping, questionnaire };
  assert.deepEqual(await cells("q\n1\n2\n1\n", options), ["all trust 1 2 0"]);
  assert.match(await asked("q\n3\n", options), /^2 q Which option is "3"/);
  assert.match(await asked("r\nYes\n", options), /^1 r Which question of the questionnaire is "r"/);
});

describe("lists in cells", () => {
  const GLOBAL = `question,selections,options,source
"Is it good, or bad?","defaultdict(<class 'list'>, {'Côte d\\'Ivoire': [0.5, 0.3, 0.2], 'Spain': [1.0, 0.0, 0.0]})","['Good', ""It's bad"", 'DK']",GAS
`;

  test("GlobalOpinionQA's selections, with one number of respondents", async () => {
    const options = { respondents: "1000", missing: ["dk"] };
    const { answers, questions, problems, summary } = await importText(GLOBAL, options);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      answers?.groups.map(({ id, answers: given }) => [id, given[0]?.counts]),
      [
        ["Côte d'Ivoire", [500, 300]],
        ["Spain", [1000, 0]],
      ],
    );
    const [question] = questions;
    assert.match(question?.id ?? "", /^q-[0-9a-f]{12}$/);
    assert.equal(question?.text, "Is it good, or bad?");
    assert.match(summary.files[0]?.notes[0]?.message ?? "", /not used: source/);
    assert.match(await asked(GLOBAL), /How many respondents.*name-respondents/);
  });

  test("SubPOP's responses of one group a row", async () => {
    const text = `qkey,attribute,group,responses,question,options
A_1,AGE,18-29,"[0.25, 0.75]",Good?,"['Yes', 'No']"
`;
    assert.deepEqual(await cells(text, { respondents: "40" }), ["AGE: 18-29 A_1 10 30"]);
  });

  test("lists that do not fit are named", async () => {
    const text = `question,selections,options\nq,"{'a': [1]}","['Yes', 'No']"\n`;
    assert.match(
      await asked(text, { respondents: "9", groupName: undefined }),
      /^2 options There are 2 options, and 1/,
    );
    const other = `question,selections,options\nq,nothing,"['Yes', 'No']"\n`;
    assert.match(
      await asked(other, { respondents: "9", groupName: undefined }),
      /^2 selections This cell does not/,
    );
  });
});
