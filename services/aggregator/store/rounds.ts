import type { EvaluationView, RoundState } from "@plenary/protocol";
import type { Insertable, Selectable, Updateable } from "kysely";
import { sql } from "kysely";
import type { Queries } from "./database.ts";
import type { RoundsTable } from "./schema.ts";

export type RoundRow = Selectable<RoundsTable>;
export interface RoundKey {
  readonly federation: Uint8Array;
  readonly number: bigint;
}

/** Numbers are bigint in the database: no round has a larger one. */
export const LARGEST_ROUND = 2n ** 63n - 1n;

export function roundStore(queries: Queries) {
  const at = ({ federation, number }: RoundKey) =>
    queries
      .selectFrom("rounds")
      .selectAll()
      .where("federation", "=", federation)
      .where("number", "=", number);
  return {
    find: (key: RoundKey): Promise<RoundRow | undefined> => at(key).executeTakeFirst(),

    /** The round with this address on chain. */
    findAt: (federation: Uint8Array, address: Uint8Array): Promise<RoundRow | undefined> =>
      queries
        .selectFrom("rounds")
        .selectAll()
        .where("federation", "=", federation)
        .where("address", "=", address)
        .executeTakeFirst(),

    /** The row, locked until the transaction ends: waits for all who hold it, and they for this. */
    lock: (key: RoundKey): Promise<RoundRow | undefined> => at(key).forUpdate().executeTakeFirst(),

    /** The row, kept from changing until the transaction ends, by any number of transactions at once. */
    hold: (key: RoundKey): Promise<RoundRow | undefined> => at(key).forShare().executeTakeFirst(),

    newest: (federation: Uint8Array): Promise<RoundRow | undefined> =>
      queries
        .selectFrom("rounds")
        .selectAll()
        .where("federation", "=", federation)
        .orderBy("number", "desc")
        .limit(1)
        .executeTakeFirst(),

    /** Newest first, below `before`. */
    list: (
      federation: Uint8Array,
      before: bigint | undefined,
      limit: number,
    ): Promise<RoundRow[]> =>
      queries
        .selectFrom("rounds")
        .selectAll()
        .where("federation", "=", federation)
        .$if(before !== undefined && before <= LARGEST_ROUND, (query) =>
          query.where("number", "<", before ?? LARGEST_ROUND),
        )
        .orderBy("number", "desc")
        .limit(limit)
        .execute(),

    lastFinal: (federation: Uint8Array): Promise<RoundRow | undefined> =>
      queries
        .selectFrom("rounds")
        .selectAll()
        .where("federation", "=", federation)
        .where("state", "=", "final")
        .orderBy("number", "desc")
        .limit(1)
        .executeTakeFirst(),

    /** Committed rounds that are not final, oldest first. */
    notFinal: (federation: Uint8Array): Promise<RoundRow[]> =>
      queries
        .selectFrom("rounds")
        .selectAll()
        .where("federation", "=", federation)
        .where("state", "=", "committed")
        .orderBy("number")
        .execute(),

    /** Rounds that may still become void, oldest first. */
    notSettled: (federation: Uint8Array): Promise<RoundRow[]> =>
      queries
        .selectFrom("rounds")
        .selectAll()
        .where("federation", "=", federation)
        .where("state", "not in", ["final", "void"])
        .orderBy("number")
        .execute(),

    /** Void rounds whose account on chain is not known to be void, oldest first. */
    notVoided: (federation: Uint8Array): Promise<RoundRow[]> =>
      queries
        .selectFrom("rounds")
        .selectAll("rounds")
        .innerJoin("transactions", (join) =>
          join
            .onRef("transactions.federation", "=", "rounds.federation")
            .onRef("transactions.round", "=", "rounds.number"),
        )
        .where("rounds.federation", "=", federation)
        .where("rounds.state", "=", "void")
        .where("transactions.kind", "=", "void")
        .where("transactions.state", "=", "pending")
        .orderBy("rounds.number")
        .execute(),

    /** False if the round was there already. */
    async insert(row: Insertable<RoundsTable>): Promise<boolean> {
      const inserted = await queries
        .insertInto("rounds")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("number")
        .executeTakeFirst();
      return inserted !== undefined;
    },

    /** Sets columns if the round is still in state `from`; returns whether it was. Of two workers only one makes a step. */
    async move(
      { federation, number }: RoundKey,
      from: RoundState,
      changes: Updateable<RoundsTable>,
    ): Promise<boolean> {
      const moved = await queries
        .updateTable("rounds")
        .set(changes)
        .where("federation", "=", federation)
        .where("number", "=", number)
        .where("state", "=", from)
        .returning("number")
        .executeTakeFirst();
      return moved !== undefined;
    },

    async setEvaluation(
      { federation, number }: RoundKey,
      evaluation: EvaluationView,
    ): Promise<void> {
      await queries
        .updateTable("rounds")
        .set({ evaluation: JSON.stringify(evaluation) })
        .where("federation", "=", federation)
        .where("number", "=", number)
        .execute();
    },

    /** Rounds whose next model is known and that nobody has evaluated yet, in federations with held-out answers. */
    async toEvaluate(limit: number): Promise<RoundKey[]> {
      return queries
        .selectFrom("rounds")
        .innerJoin("federations", "federations.address", "rounds.federation")
        .select(["rounds.federation", "rounds.number"])
        .where("rounds.next_blob", "is not", null)
        .where("rounds.evaluation", "is", null)
        .where("rounds.state", "in", ["committing", "committed", "final"])
        .where(sql<boolean>`federations.configuration ->> 'heldOut' IS NOT NULL`)
        .orderBy("rounds.created_at")
        .limit(limit)
        .execute();
    },
  };
}
