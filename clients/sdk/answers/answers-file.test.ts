import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  type AnswerSet,
  canonicalText,
  type Questionnaire,
  quotedText,
  tidyText,
} from "@plenary/protocol";
import fc from "fast-check";
import {
  type AnswersFormat,
  checkAnswers,
  formatOf,
  type ReadAnswersOptions,
  readAnswers,
} from "./answers-file.ts";

const QUESTIONNAIRE: Questionnaire = {
  version: 1,
  name: "test",
  title: "",
  source: "",
  citation: "",
  licence: "",
  questions: [
    { id: "tea", text: "Tea?", options: ["Yes", "No, never", 'Only "green"'], family: "tea" },
    { id: "cups", text: "How many?", options: ["2", "1", "0"], family: "cups" },
  ],
  embeddings: { model: "none", dimension: 1, blob: "0".repeat(64) },
};

function read(text: string, format: AnswersFormat, options?: ReadAnswersOptions): AnswerSet {
  const { answers, problems } = checkAnswers(text, format, QUESTIONNAIRE, options);
  assert.deepEqual(problems, []);
  assert.ok(answers);
  return answers;
}

function problem(text: string, format: AnswersFormat = "csv"): string {
  const { answers, problems } = checkAnswers(text, format, QUESTIONNAIRE);
  assert.equal(answers, null);
  const [first] = problems;
  return `${first?.line} ${first?.column ?? "-"} ${first?.message}`;
}

const counts = (answers: AnswerSet) =>
  answers.groups.map(({ id, answers: given }) => [id, ...given]);

describe("CSV", () => {
  test("with counts", () => {
    const text = 'question,group,option,count\ntea,a,Yes,3\ntea,a,"No, never",4\ncups,b,0,5\n';
    assert.deepEqual(counts(read(text, "csv")), [
      ["a", { question: "tea", counts: [3, 4, 0] }],
      ["b", { question: "cups", counts: [0, 0, 5] }],
    ]);
  });

  test("a row per respondent, other column order, an ignored column, byte order mark, CRLF", () => {
    const text =
      '\uFEFFgroup,Option,question,name\r\na,yes,tea,Ann\r\na,YES,tea,Bob\r\na,"only ""green""",tea,Cy\r\n';
    assert.deepEqual(counts(read(text, "csv", { ignoreColumns: ["Name"] })), [
      ["a", { question: "tea", counts: [2, 0, 1] }],
    ]);
  });

  test("a group's id with a control character is refused, and shown escaped", () => {
    for (const id of ["a\u0000", "\u001b[2Ja", "a\u009bb", "a\u2028b"])
      assert.equal(
        problem(`question,group,option\ntea,${id},Yes\n`),
        `2 group ${quotedText(id)} holds a control character: a group's id is one line of text.`,
      );
  });

  test("semicolons, as in spreadsheets of some languages", () => {
    assert.deepEqual(counts(read("question;group;option\ntea;a;No, never\n", "csv")), [
      ["a", { question: "tea", counts: [0, 1, 0] }],
    ]);
  });

  test("an option's text goes before its index", () => {
    assert.deepEqual(counts(read("question,group,option\ncups,a,2\n", "csv")), [
      ["a", { question: "cups", counts: [1, 0, 0] }],
    ]);
  });

  for (const [name, text, expected] of [
    ["no rows", "question,group,option\n", /^1 - There are no answers/],
    ["nothing", "", /^1 - .*empty|^1 - There are no answers/],
    ["a missing column", "question,option\ntea,Yes\n", /^1 group The column group is missing/],
    ["a column twice", "question,group,option,group\ntea,a,Yes,b\n", /^1 group .*twice/],
    [
      "an unknown question",
      "question,group,option\ntea,a,Yes\nmilk,a,Yes\n",
      /^3 question .*"milk"/,
    ],
    [
      "an unknown option",
      "question,group,option\ntea,a,Maybe\n",
      /^2 option "Maybe".*"Yes", "No, never"/,
    ],
    ["an index too large", "question,group,option\ntea,a,3\n", /^2 option/],
    ["a malformed count", "question,group,option,count\ntea,a,Yes,1.5\n", /^2 count "1.5"/],
    ["a negative count", "question,group,option,count\ntea,a,Yes,-1\n", /^2 count/],
    ["an empty count", "question,group,option,count\ntea,a,Yes,\n", /^2 count/],
    [
      "a count twice",
      "question,group,option,count\ntea,a,Yes,1\ntea,a,yes,2\n",
      /^3 option .*line 2/,
    ],
    ["an empty group", "question,group,option\ntea,,Yes\n", /^2 group/],
    ["a row too short", "question,group,option\ntea,a,Yes\ntea,a\n", /^3 - .*number of fields/],
    ["an open quotation mark", 'question,group,option\ntea,a,"Yes\n', /^2 - .*never closed/],
    ["all counts 0", "question,group,option,count\ntea,a,Yes,0\n", /^2 - .*no respondents/],
  ] as const)
    test(`names line and column: ${name}`, () => {
      assert.match(problem(text), expected);
    });
});

describe("JSONL", () => {
  test("both forms of a line", () => {
    const text = [
      '{"question":"tea","group":"a","counts":[1,2,3]}',
      "",
      '{"question":"cups","group":"a","option":1,"count":7}',
      '{"question":"cups","group":"a","option":"0","count":2}',
    ].join("\n");
    assert.deepEqual(counts(read(text, "jsonl")), [
      ["a", { question: "tea", counts: [1, 2, 3] }, { question: "cups", counts: [0, 7, 2] }],
    ]);
  });

  for (const [name, line, expected] of [
    ["no JSON", "{question:1}", /^1 - This line is not valid JSON/],
    ["an array", "[1]", /^1 - This file is a JSON array/],
    ["no question", '{"group":"a","counts":[1]}', /^1 question question is missing/],
    [
      "a group that is not a text",
      '{"question":"tea","group":1,"counts":[1]}',
      /^1 group group must be a text/,
    ],
    [
      "an unknown field",
      '{"question":"tea","group":"a","option":1,"n":1}',
      /^1 n "n" is not expected/,
    ],
    [
      "counts of another length",
      '{"question":"tea","group":"a","counts":[1]}',
      /^1 counts There are 1 counts for 3/,
    ],
    [
      "a malformed count",
      '{"question":"tea","group":"a","counts":[1,2,-3]}',
      /^1 counts -3 at position 2/,
    ],
    [
      "counts that are texts",
      '{"question":"tea","group":"a","counts":["1"]}',
      /^1 counts counts must be a list/,
    ],
    ["neither form", '{"question":"tea","group":"a"}', /^1 option option is missing/],
    ["a fraction as option", '{"question":"tea","group":"a","option":0.5}', /^1 option/],
    [
      "answers twice",
      '{"question":"tea","group":"a","counts":[1,2,3]}\n{"question":"tea","group":"a","counts":[1,2,3]}',
      /^2 question .*already given in line 1/,
    ],
  ] as const)
    test(`names line and field: ${name}`, () => {
      assert.match(problem(line, "jsonl"), expected);
    });
});

describe("any input", () => {
  const answerSet = fc
    .uniqueArray(
      fc.string({ minLength: 1, maxLength: 20 }).filter((id) => tidyText(id) === id),
      {
        minLength: 1,
        maxLength: 4,
        selector: canonicalText,
      },
    )
    .chain((ids) =>
      fc.tuple(
        ...ids.map((id) =>
          fc.tuple(
            fc.constant(id),
            fc
              .tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000))
              .filter((shares) => shares.some((count) => count > 0)),
          ),
        ),
      ),
    );
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

  test("what was written is read back, from either format", () => {
    fc.assert(
      fc.property(answerSet, (groups) => {
        const [question] = QUESTIONNAIRE.questions;
        assert.ok(question);
        const csv = [
          "question,group,option,count",
          ...groups.flatMap(([group, shares]) =>
            question.options.map(
              (option, i) => `tea,${quoted(group)},${quoted(option)},${shares[i]}`,
            ),
          ),
        ].join("\n");
        const jsonl = groups
          .map(([group, shares]) => JSON.stringify({ question: "tea", group, counts: shares }))
          .join("\n");
        const expected = groups.map(([group, shares]) => [
          group,
          { question: "tea", counts: [...shares] },
        ]);
        assert.deepEqual(counts(read(csv, "csv")), expected);
        assert.deepEqual(counts(read(jsonl, "jsonl")), expected);
      }),
    );
  });

  test("noise is answered with a line, never with an exception", () => {
    const word = fc.constantFrom(
      "question",
      "group",
      "option",
      "count",
      "tea",
      "Yes",
      ",",
      "\n",
      '"',
      ";",
      "{",
      "}",
      "0",
    );
    const noise = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 30 }).map((parts) => parts.join("")),
      fc.json(),
    );
    fc.assert(
      fc.property(noise, fc.constantFrom("csv", "jsonl"), (text, format) => {
        const { answers, problems } = checkAnswers(text, format, QUESTIONNAIRE);
        assert.equal(answers === null, problems.length > 0);
        const lines = text.split(/\r\n|\r|\n/).length;
        for (const { line } of problems)
          assert.ok(line >= 1 && line <= lines + 1, `line ${line} of ${lines}`);
      }),
      { numRuns: 2000 },
    );
  });
});

test("the format follows from a file's name, or else from its first character", () => {
  assert.equal(formatOf("a.csv", "{"), "csv");
  assert.equal(formatOf("a.ndjson", ""), "jsonl");
  assert.equal(formatOf("answers", ' {"question"'), "jsonl");
  assert.equal(formatOf("answers", "question,"), "csv");
});

test("an error names path, line and column, and counts the other problems", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "plenary-answers-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "answers.csv");
  await writeFile(path, "question,group,option\nmilk,a,Yes\ntea,a,Maybe\n");
  await assert.rejects(readAnswers(path, QUESTIONNAIRE), {
    code: "answers-invalid",
    message: /answers\.csv, line 2, column question: .*There is 1 more problem/,
  });
  await writeFile(path, Uint8Array.of(0x71, 0xff, 0xfe));
  await assert.rejects(readAnswers(path, QUESTIONNAIRE), {
    code: "answers-invalid",
    message: /not UTF-8/,
  });
  await assert.rejects(readAnswers(join(folder, "none.csv"), QUESTIONNAIRE), {
    code: "file-unreadable",
  });
});
