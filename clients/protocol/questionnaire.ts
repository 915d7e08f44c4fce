import Type, { type Static } from "typebox";
import { HexHash, parserOf } from "./schema.ts";

/**
 * A question with its options. Questions of one `family` are never split between training and held-
 * out answers.
 */
export const QuestionSchema = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 128 }),
    text: Type.String({ minLength: 1, maxLength: 4096 }),
    options: Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), {
      minItems: 2,
      maxItems: 64,
    }),
    /**
     * Questions that ask the same thing in other words or years are of one family: they are held
     * out together.
     */
    family: Type.String({ minLength: 1, maxLength: 128 }),
    /** Only on questions that were added while the federation ran. */
    added: Type.Optional(
      Type.Object(
        {
          /** Members that the last round counted when the question was added. */
          members: Type.Integer({ minimum: 1, maximum: 100_000 }),
          /**
           * How many of them will answer it in the first round, its pilots. Absent: that is not
           * known, and the first round only counts them.
           */
          pilots: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
/** A question, its options in order, and its family. */
export type Question = Static<typeof QuestionSchema>;

/**
 * The public questions of a federation. Members' answers refer to them by id. The blob that
 * `embeddings` names holds text embeddings of "<question> <option>", one row per option in file
 * order.
 */
export const QuestionnaireSchema = Type.Object(
  {
    version: Type.Literal(1),
    name: Type.String({ minLength: 1, maxLength: 128 }),
    title: Type.String({ maxLength: 1024 }),
    source: Type.String({ maxLength: 4096 }),
    citation: Type.String({ maxLength: 4096 }),
    licence: Type.String({ maxLength: 4096 }),
    questions: Type.Array(QuestionSchema, { minItems: 1, maxItems: 100_000 }),
    embeddings: Type.Object(
      {
        model: Type.String({ minLength: 1, maxLength: 256 }),
        dimension: Type.Integer({ minimum: 1, maximum: 8192 }),
        blob: HexHash,
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
/** The questions of a federation and where their text embeddings are. */
export type Questionnaire = Static<typeof QuestionnaireSchema>;

/** Throws `invalid-input` naming the field that is wrong. */
export const parseQuestionnaire: (value: unknown) => Questionnaire = parserOf(
  QuestionnaireSchema,
  "Questionnaire",
);

/**
 * Row of each question's first option in the embeddings and in per-option parameters. One more
 * entry holds the total.
 */
export function optionOffsets(questionnaire: Pick<Questionnaire, "questions">): number[] {
  const offsets = [0];
  for (const question of questionnaire.questions)
    offsets.push(offsets.at(-1)! + question.options.length);
  return offsets;
}
