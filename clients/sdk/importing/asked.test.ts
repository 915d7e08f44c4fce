/** What exports do not say, and how an import asks for it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ImportOptions } from "./import-options.ts";
import { readMapping } from "./mapping.ts";
import { asked, cells } from "./testing/import-text.ts";

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
    [
      "a control character in a header",
      "q,b\u0007\nYes,No\n",
      {},
      /^1 column 2 The name "b\\u0007"/,
    ],
    ["NA", "q\nYes\nNo\nNA\n", {}, /^4 q Is "NA" an answer, or is it missing.*name-missing/],
    ["a date", "q\n3-4\n02-Jan\n", {}, /^3 q Is "02-Jan" an answer, or did a spreadsheet/],
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
