/** Answers files as spreadsheets and scripts write them, and those that must not be guessed at. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Questionnaire } from "@plenary/protocol";
import fc from "fast-check";
import { decodeText, type Encoding, UnreadableTable } from "../tables/index.ts";
import { type AnswersFormat, checkAnswers, type ReadAnswersOptions } from "./answers-file.ts";

const question = (id: string, options: string[]) => ({ id, text: `${id}?`, options, family: id });
const QUESTIONNAIRE: Questionnaire = {
  version: 1,
  name: "test",
  title: "",
  source: "",
  citation: "",
  licence: "",
  questions: [
    question("tea", ["Yes", "No"]),
    question("milk", ["Yes", "No"]),
    question("steps", ["1 - not at all", "2", "3", "4", "5 - fully", "No answer"]),
    question("oui", ["Très d'accord", "Pas d'accord"]),
  ],
  embeddings: { model: "none", dimension: 1, blob: "0".repeat(64) },
};

const check = (text: string, format: AnswersFormat = "csv", options?: ReadAnswersOptions) =>
  checkAnswers(text, format, QUESTIONNAIRE, options);

/** Group, question and counts of every cell, as one line each. */
function cells(text: string, format: AnswersFormat = "csv", options?: ReadAnswersOptions) {
  const { answers, problems } = check(text, format, options);
  assert.deepEqual(problems, []);
  return answers?.groups.flatMap(({ id, answers: given }) =>
    given.map(({ question: asked, counts }) => `${id} ${asked} ${counts.join(" ")}`),
  );
}

function problem(text: string, format: AnswersFormat = "csv"): string {
  const { answers, problems } = check(text, format);
  assert.equal(answers, null);
  const [first] = problems;
  return `${first?.line} ${first?.column ?? "-"} ${first?.message}`;
}

describe("columns that would go unused", () => {
  for (const name of ["n", "N", "freq", "Anzahl", "respondents"])
    test(`${name} is asked for as a count`, () => {
      assert.match(
        problem(`question,group,option,${name}\ntea,a,Yes,310\n`),
        /^1 \S+ Does ".*" hold how many respondents .* name the column count/,
      );
    });
  test("weight is sent to the import", () => {
    assert.match(problem("question,group,option,weight\ntea,a,Yes,.5\n"), /import the file/);
  });
  test("any other is named, and ignored when told", () => {
    const text = "question,group,option,Age group\ntea,a,Yes,old\n";
    assert.match(problem(text), /^1 Age group The column "Age group" would not be used/);
    assert.deepEqual(cells(text, "csv", { ignoreColumns: ["age  Group"] }), ["a tea 1 0"]);
    const { problems } = check(text);
    assert.equal(problems[0]?.remedy, "ignore-column");
  });
  test("a column without a name that holds something", () => {
    assert.match(problem("question,group,option,\ntea,a,Yes,x\n"), /^1 column 4 /);
    assert.deepEqual(cells("question,group,option,,\ntea,a,Yes,,\n,,,,\n"), ["a tea 1 0"]);
  });
  test("a field of JSONL, and the same told to be ignored", () => {
    const line = '{"question":"tea","group":"a","option":"Yes","n":3}';
    assert.match(problem(line, "jsonl"), /^1 n "n" is not expected/);
    assert.deepEqual(cells(line, "jsonl", { ignoreColumns: ["n"] }), ["a tea 1 0"]);
  });
});

describe("whole numbers that may be codes or indexes", () => {
  test("one that is a text means the text, in every format", () => {
    assert.deepEqual(cells("question,group,option,count\nsteps,a,2,7\n"), ["a steps 0 7 0 0 0 0"]);
    const line = '{"question":"steps","group":"a","option":2,"count":7}';
    assert.deepEqual(cells(line, "jsonl"), ["a steps 0 7 0 0 0 0"]);
  });
  test("one that is not a text is refused", () => {
    for (const code of ["1", "5", "0", "5.0"])
      assert.match(
        problem(`question,group,option,count\nsteps,a,${code},7\n`),
        /^2 option .* start with numbers.*"1 - not at all"/,
      );
    assert.match(
      problem('{"question":"steps","group":"a","option":1,"count":7}', "jsonl"),
      /^1 option/,
    );
  });
  test("texts and indexes of one question do not mix", () => {
    assert.match(
      problem("question,group,option\ntea,a,Yes\ntea,b,1\n"),
      /^3 option "1" is an index here, and line 2 gives a text/,
    );
    assert.deepEqual(cells("question,group,option\ntea,a,Yes\nmilk,a,1\n"), [
      "a tea 1 0",
      "a milk 0 1",
    ]);
  });
});

describe("whole numbers as programs write them", () => {
  for (const [written, value] of [
    ["31.0", 31],
    ["31,0", 31],
    ["31.00", 31],
    ["31.0000", 31],
    [" 31 ", 31],
  ] as const)
    test(`${written} is ${value}`, () => {
      assert.deepEqual(cells(`question,group,option,count\ntea,a,Yes,"${written}"\n`), [
        `a tea ${value} 0`,
      ]);
    });
  for (const written of ["1.031", "1,031", "31.5", "1.000", "3e1", "+3", "0x1", "１２"])
    test(`${written} is refused`, () => {
      assert.match(problem(`question,group,option,count\ntea,a,Yes,"${written}"\n`), /^2 count/);
    });
  test("an index, and JSON's numbers", () => {
    assert.deepEqual(cells("question,group,option\ntea,a,1.0\n"), ["a tea 0 1"]);
    const line = '{"question":"tea","group":"a","option":1.0,"count":31.0}';
    assert.deepEqual(cells(line, "jsonl"), ["a tea 0 31"]);
  });
});

describe("what spreadsheets put around a table", () => {
  for (const [name, text] of [
    ["sep=;", "sep=;\r\nquestion;group;option;count\r\ntea;a;Yes;31\r\n"],
    ["sep=; behind a byte order mark", "\ufeffsep=;\nquestion;group;option;count\ntea;a;Yes;31"],
    ['"sep=\t"', '"sep=\t"\nquestion\tgroup\toption\tcount\ntea\ta\tYes\t31'],
    ["blank rows", "question,group,option,count,,\r\n,,,,,\r\ntea,a,Yes,31,,\r\n,,,,,\r\n   \r\n"],
    ["carriage returns", "question;group;option;count\rtea;a;Yes;31\r"],
    ["a comma in a semicolon file", 'question;group;option;"count"\ntea;a;Yes;31\n'],
  ] as const)
    test(name, () => {
      assert.deepEqual(cells(text), ["a tea 31 0"]);
    });

  test("lines above the header are skipped with a word", () => {
    const text = 'Wave 3;;\n"Made by us, 2025"\n\nquestion;group;option\ntea;a;Yes\n';
    assert.deepEqual(cells(text), ["a tea 1 0"]);
    assert.deepEqual(
      check(text).warnings.map(({ line }) => line),
      [1, 2],
    );
  });

  test("lines are counted through all of it", () => {
    assert.match(
      problem('sep=;\ntitle\n\nquestion;group;option\n"tea";"a\nb";Yes\ntea;a;Maybe\n'),
      /^5 group/,
    );
  });
});

describe("names that look the same", () => {
  test("options are found in every spelling", () => {
    for (const option of [
      "Tre\u0300s d'accord",
      "Très\u00a0d'accord",
      "Très d\u2019accord",
      "Très  d'ac\u200bcord",
      "très d'accord",
    ])
      assert.deepEqual(cells(`question,group,option\noui,a,${option}\n`), ["a oui 1 0"]);
  });

  test("groups are one, which is said", () => {
    const text =
      "question,group,option,count\ntea,Québec,Yes,1\nmilk,Que\u0301bec,Yes,2\noui,Qué\u200bbec,0,3\n";
    assert.deepEqual(cells(text), ["Québec tea 1 0", "Québec milk 2 0", "Québec oui 3 0"]);
    assert.match(check(text).warnings[0]?.message ?? "", /written in 3 ways.*lines 2, 3, 4.*one/);
    assert.match(problem(`${text}tea,Que\u0301bec,Yes,1\n`), /^5 option .*already given in line 2/);
  });

  test("groups that differ in case or accents stay two, which is said", () => {
    const { answers, warnings } = check("question,group,option\ntea,Québec,Yes\ntea,quebec,Yes\n");
    assert.equal(answers?.groups.length, 2);
    assert.match(warnings[0]?.message ?? "", /case or accents alone.*two groups/);
  });

  test("a group of invisible characters is refused", () => {
    assert.match(problem("question,group,option\ntea,\u200b\u200d,Yes\n"), /^2 group/);
  });

  test("control characters are refused, and escaped in the message", () => {
    for (const text of [
      "question,group,option\ntea,a\u0007b,Yes\n",
      "question,group,option\ntea,a,Y\u001b[2Jes\n",
      "question,group,option\nt\u009bea,a,Yes\n",
    ]) {
      assert.doesNotMatch(problem(text), /[\p{Cc}]/u);
      assert.match(problem(text), /\\u00/);
    }
  });
});

test("a JSON array is called an array, by any name", () => {
  const text = '\n[\n {"question": "tea", "group": "a", "counts": [3, 4]}\n]\n';
  assert.match(problem(text, "jsonl"), /^2 - This file is a JSON array/);
});

describe("encodings", () => {
  const TEXT = "question,group,option\r\ntea,Québec – été,Yes\r\n";
  const utf16 = (text: string, little: boolean) => {
    const bytes = Buffer.from(text, "utf16le");
    return little ? bytes : bytes.swap16();
  };
  for (const [name, bytes, encoding] of [
    ["UTF-8", Buffer.from(TEXT)],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${TEXT}`)],
    ["UTF-16, little end first", utf16(`\ufeff${TEXT}`, true)],
    ["UTF-16, big end first", utf16(`\ufeff${TEXT}`, false)],
    ["UTF-16 that is named", utf16(TEXT, true), "utf-16le"],
    [
      "Windows-1252 that is named",
      Buffer.from(TEXT.replace("–", "\u0096"), "latin1"),
      "windows-1252",
    ],
    ["the end mark of DOS", Buffer.from(`${TEXT}\u001a`)],
  ] as readonly (readonly [string, Uint8Array, Encoding?])[])
    test(name, () => {
      assert.deepEqual(cells(decodeText(bytes, encoding)), ["Québec – été tea 1 0"]);
    });

  for (const [name, bytes, encoding, line, message] of [
    [
      "Windows-1252",
      Buffer.from(`${TEXT}a,b,c\ntea,\u00e9,x`, "latin1"),
      undefined,
      2,
      /windows-1252/,
    ],
    [
      "UTF-16 without a mark",
      utf16(TEXT, true),
      undefined,
      1,
      /utf-16le without a byte order mark/,
    ],
    ["another encoding than the mark's", Buffer.from(`\ufeff${TEXT}`), "windows-1252", 1, /mark/],
    ["half a character", utf16("\ufeffa\n", true).subarray(0, 5), undefined, 1, /not utf-16le/],
  ] as readonly (readonly [string, Uint8Array, Encoding | undefined, number, RegExp])[])
    test(`refused: ${name}`, () => {
      assert.throws(
        () => decodeText(bytes, encoding),
        (error) =>
          error instanceof UnreadableTable &&
          error.problem.line === line &&
          message.test(error.message),
      );
    });
});

test("any bytes give answers or problems, never an exception", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom("question,group,option,count\n", '{"question":"tea",', "", "sep=;\n"),
      fc.constantFrom<AnswersFormat>("csv", "jsonl"),
      (bytes, head, format) => {
        let text: string;
        try {
          text = decodeText(Buffer.concat([Buffer.from(head), bytes]));
        } catch (error) {
          assert.ok(error instanceof UnreadableTable && error.problem.line >= 1, String(error));
          return;
        }
        const { answers, problems } = check(text, format);
        assert.equal(answers === null, problems.length > 0);
        for (const { message } of problems) assert.doesNotMatch(message, /\p{Cc}/u);
      },
    ),
    { numRuns: 1000 },
  );
});
