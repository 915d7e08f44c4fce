/** Exports of institutes, and what an import understands or asks. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseAnswers } from "@plenary/protocol";
import fc from "fast-check";
import { openCsvTable, type TableOptions } from "../tables/index.ts";
import type { ImportOptions } from "./import-options.ts";
import { Importer, type ImportResult } from "./importer.ts";
import { readMapping } from "./mapping.ts";

async function* pieces(text: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function importText(
  text: string | Uint8Array,
  options: ImportOptions & TableOptions,
): Promise<ImportResult> {
  const importer = new Importer(options);
  await importer.add("export.csv", () => openCsvTable(pieces(text), options));
  return importer.finish();
}

/** Group, question and counts of every cell, as one line each. */
async function cells(text: string, options: ImportOptions & TableOptions): Promise<string[]> {
  const { answers, problems } = await importText(text, options);
  assert.deepEqual(problems, []);
  return (answers?.groups ?? []).flatMap(({ id, answers: given }) =>
    given.map(({ question, counts }) => `${id} ${question} ${counts.join(" ")}`),
  );
}

async function asked(text: string, options: ImportOptions & TableOptions = {}): Promise<string> {
  const { answers, problems } = await importText(text, { groupName: "all", ...options });
  assert.equal(answers, null);
  const [first] = problems;
  return `${first?.line} ${first?.column ?? "-"} ${first?.message} [${first?.remedy ?? "-"}]`;
}

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

describe("what is ambiguous is asked, with line and column", () => {
  for (const [name, text, options, expected] of [
    ["no groups", "q\nYes\nNo\n", { groupName: undefined }, /^1 - Which groups.*name-groups/],
    ["a count-like column", "q,n\nYes,3\nNo,4\n", {}, /^1 n Is this a weight.*name-measure/],
    ["two delimiters", "q;a, b\nYes;1\n", {}, /^1 - What separates.*commas.*semicolons.*delimiter/],
    ["a cell with the delimiter", "q,p\nYes,1\nNo, never,2\n", {}, /^3 - This row has 3 fields/],
    ["a row cut off", "q,p\nYes,1\nNo\n", {}, /^3 - .*cut off/],
    ["a title", "Wave 3\nq,p,r\nYes,No,Yes\n", {}, /^1 - Which line names.*name-header-line/],
    ["codes without labels", "q\n1\n2\n", {}, /^2 q What do the numbers "1", "2".*label-codes/],
    [
      "a scale with labels at its ends",
      "q\n1 - not at all\n2\n3\n5 - fully\n",
      {},
      /^3 q What does "2", "3" mean\? Other answers are texts/,
    ],
    [
      "a codebook of the ends alone",
      "q\n1\n3\n5\n",
      { mapping: readMapping('{"columns":[{"column":"q","options":{"1":"low","5":"high"}}]}') },
      /^3 q What does "3" mean\? Only "1", "5" have labels/,
    ],
    ["look-alike answers", "q\nYes\nNo\nY\u200bes\n", {}, /^4 q Are .* the same.*look-alikes/],
    ["look-alike groups", "g,q\na b,Y\na\u00a0 b,N\nA b,Y\n", { groupings: [["g"]] }, /^3 g Are/],
    ["the same column twice", "q,Q\nYes,No\nNo,Yes\n", {}, /^1 Q The columns 1 and 2/],
    [
      "a column that nothing names",
      "q,x\nYes,1\n",
      { questions: ["q"] },
      /^1 x What is this column/,
    ],
    ["an unknown column", "q\nYes\n", { weight: "w" }, /^1 w There is no column "w".*"q"/],
    ["a broken weight", "q,w\nYes,1\nNo,-1\n", { weight: "w" }, /^3 w "-1" is not a number/],
    ["a broken count", "q,n\nYes,1.5\nNo,2\n", { count: "n" }, /^2 n "1.5" is not a count/],
    [
      "an open question",
      `q\n${Array.from({ length: 70 }, (_, i) => `t${i}\n`).join("")}`,
      {},
      /70 different answers/,
    ],
    ["a single answer", "q\nYes\nYes\n", {}, /^1 q Which options.*Only "Yes"/],
    ["a control character", "q\nYes\nN\u0007o\n", {}, /^3 q .*\\u0007.*control/],
    ["a group by code", "g,q\n1,Y\n2,N\n", { groupings: [["g"]] }, /^2 g What does the code 1/],
    [
      "a value in no bin",
      "g,q\nold,Y\n",
      { groupings: [["g"]], bins: new Map([["g", [1]]]) },
      /^2 g Where does "old"/,
    ],
    [
      "shares of unknown size",
      "question,option,s\nq,Y,.5\n",
      { share: "s" },
      /How many respondents/,
    ],
    [
      "shares that do not add up",
      "question,option,s\nq,Y,.5\nq,N,.2\n",
      { share: "s", respondents: "9" },
      /^2 - The shares .* add up to 0.7000/,
    ],
    [
      "a number of respondents that changes",
      "question,option,s,n\nq,Y,.5,9\nq,N,.5,8\n",
      { share: "s", respondents: "n" },
      /^3 n There are 8/,
    ],
    ["nothing", "", {}, /^1 - The file holds no rows/],
    ["a header alone", "q,r\n", {}, /^1 q Which options.*no answer/],
  ] as readonly (readonly [string, string, ImportOptions, RegExp])[])
    test(name, async () => {
      assert.match(await asked(text, options), expected);
    });

  test("answers settle it", async () => {
    const settled = { groupName: "all" };
    assert.deepEqual(await cells("q\n3\n1\n3\n", { ...settled, keepCodes: ["q"] }), ["all q 1 2"]);
    assert.deepEqual(
      await cells("q\nYes\nNo\nY\u200bes\n", { ...settled, mergeLookAlikes: true }),
      ["all q 2 1"],
    );
    assert.deepEqual(await cells("q;a, b\nYes;x\nNo;y\n", { ...settled, delimiter: ";" }), [
      "all q 1 1",
      "all a, b 1 1",
    ]);
    assert.deepEqual(
      await cells("Wave 3\nq,r\nYes,x\nNo,y\n", {
        ...settled,
        headerLine: 2,
        questions: ["q"],
        ignoreOthers: true,
      }),
      ["all q 1 1"],
    );
  });
});

test("however respondents answer, each is counted once", async () => {
  const respondent = fc.record({
    group: fc.constantFrom("north", "south; east", 'the "west"'),
    answers: fc.array(fc.constantFrom("Yes", "No", "Well, maybe", ""), {
      minLength: 3,
      maxLength: 3,
    }),
  });
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(fc.array(respondent, { minLength: 1, maxLength: 30 }), async (respondents) => {
      const options = ["Yes", "No", "Well, maybe"];
      const questions = ["q0", "q1", "q2"];
      const columns = questions.map((column) => ({ column, options }));
      const mapping = readMapping(JSON.stringify({ columns }));
      const rows = respondents.map(({ group, answers }) => [group, ...answers].map(quoted).join());
      const text = ["g,q0,q1,q2", ...rows, ""].join("\r\n");
      const result = await importText(text, { groupings: [["g"]], mapping });
      const expected = new Map<string, number[]>();
      for (const { group, answers } of respondents)
        answers.forEach((answer, q) => {
          const counts = expected.get(`${group} q${q}`) ?? [0, 0, 0];
          const option = options.indexOf(answer);
          if (option < 0) return;
          counts[option] = counts[option]! + 1;
          expected.set(`${group} q${q}`, counts);
        });
      const found = (result.answers?.groups ?? []).flatMap(({ id, answers }) =>
        answers.map(({ question, counts }) => [`${id} ${question}`, counts] as const),
      );
      assert.deepEqual(new Map(found), expected);
    }),
    { numRuns: 200 },
  );
});

test("any bytes give answers that fit the questions, or named problems", async () => {
  const words = [
    "q,g\n",
    "1",
    "Yes",
    ",",
    ";",
    "\n",
    '"',
    "sep=;\n",
    "\u00a0",
    "question,option,count\n",
  ];
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .array(fc.constantFrom(...words), { maxLength: 25 })
      .map((parts) => Buffer.from(parts.join(""))),
  );
  await fc.assert(
    fc.asyncProperty(noise, fc.boolean(), async (bytes, merge) => {
      const result = await importText(bytes, { groupName: "all", mergeLookAlikes: merge });
      assert.equal(result.answers === null, result.problems.length > 0);
      for (const { line, message } of result.problems) {
        assert.ok(line >= 1);
        assert.doesNotMatch(message, /\p{Cc}/u);
      }
      if (result.answers === null) return;
      const embeddings = { model: "none", dimension: 1, blob: "0".repeat(64) };
      const head = {
        version: 1 as const,
        name: "t",
        title: "",
        source: "",
        citation: "",
        licence: "",
      };
      const questions = result.questions.map((q) => ({ ...q, options: [...q.options] }));
      parseAnswers(result.answers, { ...head, questions, embeddings });
    }),
    { numRuns: 1000 },
  );
});
