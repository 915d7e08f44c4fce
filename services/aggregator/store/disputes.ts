import type { Insertable, Selectable } from "kysely";
import { sql } from "kysely";
import type { Queries } from "./database.ts";
import type { DisputesTable } from "./schema.ts";

export type DisputeRow = Selectable<DisputesTable>;
export type DisputeKey = Pick<DisputeRow, "address" | "opened_at">;
export type DisputeEndingRow = Pick<DisputeRow, "verdict" | "fault" | "ended_in">;

/**
 * Since the service began: disputes that are open, demands that were answered, and demands that
 * could not be answered at first.
 */
export interface DisputeTally {
  readonly open: number;
  readonly answers: number;
  readonly failures: number;
}

export function disputeStore(queries: Queries) {
  const change = ({ address, opened_at }: DisputeKey) =>
    queries
      .updateTable("disputes")
      .where("address", "=", address)
      .where("opened_at", "=", opened_at);
  return {
    find: ({ address, opened_at }: DisputeKey): Promise<DisputeRow | undefined> =>
      queries
        .selectFrom("disputes")
        .selectAll()
        .where("address", "=", address)
        .where("opened_at", "=", opened_at)
        .executeTakeFirst(),

    /** The disputes of a federation that were open at the last look. */
    open: (federation: Uint8Array): Promise<DisputeRow[]> =>
      queries
        .selectFrom("disputes")
        .selectAll()
        .where("federation", "=", federation)
        .where("state", "=", "open")
        .execute(),

    /** In the order in which they were opened. */
    ofRounds: (federation: Uint8Array, numbers: readonly bigint[]): Promise<DisputeRow[]> =>
      queries
        .selectFrom("disputes")
        .selectAll()
        .where("federation", "=", federation)
        .where("round", "in", numbers)
        .orderBy("opened_at")
        .orderBy("address")
        .execute(),

    /** False if the dispute was known already. */
    async insert(row: Insertable<DisputesTable>): Promise<boolean> {
      const inserted = await queries
        .insertInto("disputes")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("address")
        .executeTakeFirst();
      return inserted !== undefined;
    },

    /** Marks a known dispute as open. */
    follow: (key: DisputeKey, deposit: bigint): Promise<DisputeRow> =>
      change(key)
        .set({ state: "open", deposit, verdict: null, fault: null, ended_in: null })
        .returningAll()
        .executeTakeFirstOrThrow(),

    /**
     * Writes down what is demanded and until when, unless it was given already: a node that lags
     * behind still shows the demand.
     */
    async demand(key: DisputeKey, piece: string, until: bigint): Promise<void> {
      await change(key)
        .set({ demanded: piece, demanded_until: until })
        .where((eb) => eb.or([eb("demanded", "is", null), eb("demanded", "=", piece)]))
        .where(sql<boolean>`answered IS DISTINCT FROM ${piece}`)
        .execute();
    },

    /** Writes down that a demand is met; false if that is known. */
    async answer(key: DisputeKey, piece: string): Promise<boolean> {
      const changed = await change(key)
        .set((eb) => ({
          demanded: null,
          demanded_until: null,
          answered: piece,
          answers: eb("answers", "+", 1),
        }))
        .where("demanded", "=", piece)
        .returning("address")
        .executeTakeFirst();
      return changed !== undefined;
    },

    /** Writes down why a demand is not met; false if that is known. */
    async fail(key: DisputeKey, piece: string, error: string): Promise<boolean> {
      const changed = await change(key)
        .set({
          failed: piece,
          last_error: error,
          failures: sql<number>`failures + CASE WHEN failed IS DISTINCT FROM ${piece} THEN 1 ELSE 0 END`,
        })
        .where(
          sql<boolean>`(failed IS DISTINCT FROM ${piece} OR last_error IS DISTINCT FROM ${error})`,
        )
        .returning("address")
        .executeTakeFirst();
      return changed !== undefined;
    },

    /**
     * Writes down that the dispute can be ended, from `now` unless that is known. Resolves with the
     * time from which it can be ended.
     */
    async noteEndable(key: DisputeKey, now: bigint): Promise<bigint> {
      const { endable_at } = await change(key)
        .set({ endable_at: sql<bigint>`coalesce(endable_at, ${now})` })
        .returning("endable_at")
        .executeTakeFirstOrThrow();
      return endable_at ?? now;
    },

    /** False if the dispute had ended already. */
    async end(key: DisputeKey, ending: DisputeEndingRow): Promise<boolean> {
      const changed = await change(key)
        .set({ state: "ended", ...ending })
        .where("state", "=", "open")
        .returning("address")
        .executeTakeFirst();
      return changed !== undefined;
    },

    async tally(): Promise<DisputeTally> {
      const { rows } = await sql<{ open: bigint; answers: bigint; failures: bigint }>`
        SELECT count(*) FILTER (WHERE state = 'open') AS open, coalesce(sum(answers), 0) AS answers,
          coalesce(sum(failures), 0) AS failures
        FROM disputes
      `.execute(queries);
      const [row] = rows;
      return {
        open: Number(row?.open ?? 0n),
        answers: Number(row?.answers ?? 0n),
        failures: Number(row?.failures ?? 0n),
      };
    },
  };
}
