import { PlenaryError, parserOf } from "@plenary/protocol";
import Type from "typebox";
import { readBytes } from "../files/index.ts";

const parseSource = parserOf(
  Type.Object({
    name: Type.String({ minLength: 1 }),
    title: Type.String(),
    source: Type.String(),
    citation: Type.String(),
    licence: Type.String(),
    /** The text embedding model, as the questionnaire names it; all-MiniLM-L6-v2 if absent. */
    embeddingModel: Type.Optional(Type.String({ minLength: 1 })),
    questions: Type.Array(
      Type.Object({
        id: Type.String(),
        text: Type.String(),
        options: Type.Array(Type.String()),
        /** Absent: the rule of the surveys that ship. */
        family: Type.Optional(Type.String()),
      }),
    ),
    groups: Type.Array(Type.Object({ id: Type.String(), label: Type.String() })),
    /** The groups that no member holds, in every split; absent: the split's number decides. */
    unseen: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
    /** [question index, group index, respondents, count per option] */
    distributions: Type.Array(
      Type.Tuple([
        Type.Integer({ minimum: 0 }),
        Type.Integer({ minimum: 0 }),
        Type.Integer({ minimum: 0 }),
        Type.Array(Type.Integer({ minimum: 0 })),
      ]),
    ),
  }),
  "Data set",
);

/** The JSON file of a data set: questions and answers, without embeddings. */
export type DatasetSource = ReturnType<typeof parseSource>;

/**
 * Reads `<stem>.json`. `hint` says what to do if there is none. Throws `file-unreadable`, or
 * `invalid-input` naming file and field.
 */
export async function readDatasetSource(stem: string, hint: string): Promise<DatasetSource> {
  const path = `${stem}.json`;
  const bytes = await readBytes(path, `the data set ${stem.split(/[/\\]/).at(-1)} (${hint})`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PlenaryError("invalid-input", `${path} is not valid JSON.`, { path }, { cause });
  }
  return parseSource(value);
}
