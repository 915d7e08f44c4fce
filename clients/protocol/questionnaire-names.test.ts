import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Question } from "./questionnaire.ts";
import { checkGroupNames, checkQuestionnaireNames } from "./questionnaire-names.ts";
import { canonicalText, hasControlCharacter } from "./text-identity.ts";

const question = (change: Partial<Question> = {}): Question => ({
  id: "a",
  text: "Which is best?",
  options: ["Red", "Blue"],
  family: change.id ?? "a",
  ...change,
});

test("what a reader could mistake is refused by question and field", () => {
  const refusals: readonly (readonly [Question[], string, RegExp])[] = [
    [[question(), question()], "questions.1.id", /questions 0 and 1 both have the id "a"/],
    [
      [question({ id: "q 1" }), question({ id: "q\u00a01" })],
      "questions.1.id",
      /look the same, "q 1" and "q\u00a01"/,
    ],
    [[question({ options: ["Other", "Red", "Other"] })], "questions.0.options.2", /"Other" twice/],
    [[question({ options: ["Yes", "yes "] })], "questions.0.options.1", /"Yes" and "yes "/],
    [[question({ options: ["Yes", "\u200b"] })], "questions.0.options.1", /option 1 is empty/],
    [[question({ text: " \u00a0 " })], "questions.0.text", /its text is empty/],
    [[question({ text: "a\u001b[2Jb" })], "questions.0.text", /"a\\u001b\[2Jb"/],
    [
      [question({ family: "tax" }), question({ id: "b", family: "tax\u200b" })],
      "questions.1.family",
      /family "tax\\u200b"/,
    ],
  ];
  for (const [questions, field, message] of refusals)
    assert.throws(() => checkQuestionnaireNames({ questions }), {
      code: "invalid-input",
      message,
      context: { field },
    });
  checkQuestionnaireNames({
    questions: [question(), question({ id: "b" }), question({ id: "A" })],
  });
});

test("groups that look the same are refused", () => {
  const set = (...ids: string[]) => ({
    version: 1 as const,
    groups: ids.map((id) => ({ id, label: id, answers: [{ question: "a", counts: [1, 2] }] })),
  });
  checkGroupNames(set("Québec", "Quebec", "québec"));
  assert.throws(() => checkGroupNames(set("Québec", "x", "Que\u0301bec")), {
    code: "answers-invalid",
    message: /look the same/,
  });
  assert.throws(() => checkGroupNames(set("x\n")), { message: /"x\\n".*control character/ });
  assert.throws(() => checkGroupNames(set("\u200b")), { message: /its id is empty/ });
});

test("any options pass if, and only if, each shows something of its own", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "A", "é", "e", "\u0301", " ", "\u00a0", "\u200b", "\n"),
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (options) => {
      const forms = options.map((option) => canonicalText(option).toLowerCase());
      const good =
        new Set(forms).size === options.length &&
        !forms.includes("") &&
        !options.some(hasControlCharacter);
      const check = () => checkQuestionnaireNames({ questions: [question({ options })] });
      if (good) check();
      else assert.throws(check, { code: "invalid-input" });
    }),
  );
});
