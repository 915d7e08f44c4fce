import type { Insertable, Selectable } from "kysely";
import type { Queries } from "./database.ts";
import type { QuestionnairesTable } from "./schema.ts";

export type QuestionnaireRow = Selectable<QuestionnairesTable>;

/** Questionnaire versions above the first, which is the configuration's. */
export function questionnaireStore(queries: Queries) {
  const ofFederation = (federation: Uint8Array) =>
    queries.selectFrom("questionnaires").selectAll().where("federation", "=", federation);
  return {
    /** Ascending by number. */
    ofFederation: (federation: Uint8Array): Promise<QuestionnaireRow[]> =>
      ofFederation(federation).orderBy("number").execute(),

    newest: (federation: Uint8Array): Promise<QuestionnaireRow | undefined> =>
      ofFederation(federation).orderBy("number", "desc").limit(1).executeTakeFirst(),

    find: (federation: Uint8Array, number: bigint): Promise<QuestionnaireRow | undefined> =>
      ofFederation(federation).where("number", "=", number).executeTakeFirst(),

    /** Replaces the signature of a version: another key has become the authority. */
    async sign({
      federation,
      number,
      signature,
      authority,
    }: Pick<QuestionnaireRow, "federation" | "number" | "signature" | "authority">): Promise<void> {
      await queries
        .updateTable("questionnaires")
        .set({ signature, authority })
        .where("federation", "=", federation)
        .where("number", "=", number)
        .execute();
    },

    /** False if there is a version with this number already. */
    async insert(row: Insertable<QuestionnairesTable>): Promise<boolean> {
      const inserted = await queries
        .insertInto("questionnaires")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("number")
        .executeTakeFirst();
      return inserted !== undefined;
    },
  };
}
