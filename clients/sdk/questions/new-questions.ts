import { PlenaryError, parserOf, type Question, QuestionSchema } from "@plenary/protocol";
import Type, { type Static } from "typebox";
import { readBytes } from "../files/index.ts";

const { id, text, options, family } = QuestionSchema.properties;

const NewQuestionsFile = Type.Object(
  {
    questions: Type.Array(
      Type.Object(
        {
          id,
          text,
          options,
          /** The id by default. */
          family: Type.Optional(family),
          /** Members that will answer it in the first round. */
          pilots: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 10_000 },
    ),
  },
  { additionalProperties: false },
);

/** A question to add, and how many members will answer it first. */
export type QuestionToAdd = Static<typeof NewQuestionsFile>["questions"][number];

/**
 * Reads questions to add: JSON, `{"questions": [{"id", "text", "options", "family"?, "pilots"?}]}`.
 * Throws `file-unreadable`, and `invalid-input` naming the field.
 */
export async function readNewQuestions(path: string): Promise<readonly QuestionToAdd[]> {
  const bytes = await readBytes(path, "the questions to add");
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PlenaryError(
      "invalid-input",
      `${path} is not JSON in UTF-8: write {"questions": [{"id": "...", "text": "...", "options": ["...", "..."]}]}.`,
      { path },
      { cause },
    );
  }
  return parserOf(NewQuestionsFile, path)(value).questions;
}

/** A question as the new questionnaire has it. */
export function addedQuestion(
  { pilots, ...question }: QuestionToAdd,
  members: number,
): Question & { readonly added: NonNullable<Question["added"]> } {
  return {
    id: question.id,
    text: question.text,
    options: question.options,
    family: question.family ?? question.id,
    added: { members, ...(pilots !== undefined && { pilots }) },
  };
}
