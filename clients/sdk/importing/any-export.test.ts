/** Exports that are drawn at random. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnswers } from "@plenary/protocol";
import fc from "fast-check";
import { readMapping } from "./mapping.ts";
import { importText } from "./testing/import-text.ts";

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
