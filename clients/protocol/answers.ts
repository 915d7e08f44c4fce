import Type, { type Static } from "typebox";
import { PlenaryError } from "./errors.ts";
import type { Questionnaire } from "./questionnaire.ts";
import { parserOf } from "./schema.ts";

/**
 * Answers of groups of people: how many respondents of each group chose each option. A member's own
 * data has this form, and so do held-out sets.
 */
export const AnswerSetSchema = Type.Object(
  {
    version: Type.Literal(1),
    groups: Type.Array(
      Type.Object(
        {
          id: Type.String({ minLength: 1, maxLength: 128 }),
          label: Type.String({ maxLength: 1024 }),
          answers: Type.Array(
            Type.Object(
              {
                question: Type.String({ minLength: 1, maxLength: 128 }),
                counts: Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }), {
                  minItems: 2,
                  maxItems: 64,
                }),
              },
              { additionalProperties: false },
            ),
            { minItems: 1 },
          ),
        },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
  },
  { additionalProperties: false },
);
/** Answer counts of groups to the questions of a questionnaire. */
export type AnswerSet = Static<typeof AnswerSetSchema>;
/** One group's answer counts, by question. */
export type GroupAnswers = AnswerSet["groups"][number];

const parseForm = parserOf(AnswerSetSchema, "Answers", "answers-invalid");

/**
 * Checks answers against their questionnaire: every question is known, and answered at most once
 * per group, with as many counts as it has options and at least one respondent. Throws
 * `answers-invalid` naming the group and the question.
 */
export function parseAnswers(value: unknown, questionnaire: Questionnaire): AnswerSet {
  const answers = parseForm(value);
  const optionCounts = new Map(
    questionnaire.questions.map((question) => [question.id, question.options.length]),
  );
  const groupIds = new Set<string>();
  for (const group of answers.groups) {
    if (groupIds.has(group.id))
      throw new PlenaryError("answers-invalid", `Group ${group.id} occurs twice.`, {
        group: group.id,
      });
    groupIds.add(group.id);
    checkGroup(group, optionCounts);
  }
  return answers;
}

/** Number of (question, group) cells: the weight of a member that trains on all of them. */
export function countCells(answers: AnswerSet): number {
  return answers.groups.reduce((sum, group) => sum + group.answers.length, 0);
}

function checkGroup(group: GroupAnswers, optionCounts: ReadonlyMap<string, number>): void {
  const asked = new Set<string>();
  for (const { question, counts } of group.answers) {
    const context = { group: group.id, question };
    const options = optionCounts.get(question);
    if (options === undefined)
      throw new PlenaryError(
        "answers-invalid",
        `Group ${group.id} answers ${question}, which is not in the questionnaire.`,
        context,
      );
    if (asked.has(question))
      throw new PlenaryError(
        "answers-invalid",
        `Group ${group.id} answers ${question} twice.`,
        context,
      );
    if (counts.length !== options)
      throw new PlenaryError(
        "answers-invalid",
        `Group ${group.id} gives ${counts.length} counts for ${question}, which has ${options} options.`,
        context,
      );
    if (counts.every((count) => count === 0))
      throw new PlenaryError(
        "answers-invalid",
        `Group ${group.id} has no respondents for ${question}: leave the question out.`,
        context,
      );
    asked.add(question);
  }
}
