import { sql } from "kysely";
import type { Queries } from "./database.ts";
import type { RoundKey } from "./round.ts";
import { type UpdateRow, updatesWithRounds } from "./updates.ts";

/** A part of a list: after the first `offset` rows, at most `limit`. */
export interface Page {
  readonly offset: number;
  readonly limit: number;
}

/**
 * Hints where work may be due, read from the database alone: losing every queued job therefore
 * loses nothing. A hint may be wrong. What a job finds due is decided in rounds/due.ts, not here.
 */
export function hintStore(queries: Queries) {
  return {
    /**
     * Federations whose newest round may take a step, or whose dropped rounds are not voided yet.
     */
    async toAdvance(now: bigint): Promise<Uint8Array[]> {
      const { rows } = await sql<{ address: Uint8Array }>`
        SELECT f.address FROM federations f
        LEFT JOIN LATERAL (
          SELECT * FROM rounds WHERE federation = f.address ORDER BY number DESC LIMIT 1
        ) r ON true
        WHERE
          r.state IN ('opening', 'committing')
          OR (r.state = 'closing' AND (r.void_reason IS NULL OR r.commit_by < ${now}))
          OR (r.state = 'collecting' AND (r.deadline_at <= ${now} OR (
            SELECT count(*) FROM updates u
            WHERE u.federation = f.address AND u.round = r.number
              AND u.state IN ('counted', 'refused')
          ) >= (f.configuration -> 'rounds' ->> 'quorum')::int))
          OR ((r.state IS NULL OR r.state IN ('committed', 'final', 'void'))
            AND f.status = 'running')
          OR EXISTS (
            SELECT 1 FROM transactions t
            JOIN rounds v ON v.federation = t.federation AND v.number = t.round
            WHERE t.federation = f.address AND t.kind = 'void' AND t.state = 'pending'
              AND v.state = 'void'
          )
      `.execute(queries);
      return rows.map(({ address }) => address);
    },

    /** Federations with a committed round that a dispute may still make void. */
    async disputable(): Promise<Uint8Array[]> {
      const rows = await queries
        .selectFrom("rounds")
        .select("federation")
        .distinct()
        .where("state", "=", "committed")
        .execute();
      return rows.map(({ federation }) => federation);
    },

    /**
     * Federations with a dispute that was open at the last look: it may demand something any
     * moment.
     */
    async disputed(): Promise<Uint8Array[]> {
      const rows = await queries
        .selectFrom("disputes")
        .select("federation")
        .distinct()
        .where("state", "=", "open")
        .execute();
      return rows.map(({ federation }) => federation);
    },

    /** Federations with a committed round whose challenge window may be over. */
    async toFinalize(now: bigint): Promise<Uint8Array[]> {
      const rows = await queries
        .selectFrom("rounds")
        .select("federation")
        .distinct()
        .where("state", "=", "committed")
        .where("challenge_ends_at", "<=", now)
        .execute();
      return rows.map(({ federation }) => federation);
    },

    /**
     * Updates that have waited for screening since before `time`, oldest first. An update that was
     * received after `now` was dated by a clock that has been set back since.
     */
    toScreen: (
      time: bigint,
      now: bigint,
      { offset, limit }: Page,
    ): Promise<Pick<UpdateRow, "id" | "received_at">[]> =>
      unscreened(queries)
        .select(["updates.id", "updates.received_at"])
        .where((eb) =>
          eb.or([eb("updates.received_at", "<", time), eb("updates.received_at", ">", now)]),
        )
        .offset(offset)
        .limit(limit)
        .execute(),

    /** Updates of one federation that wait for screening, oldest first. */
    async toScreenOf(federation: Uint8Array, limit: number): Promise<bigint[]> {
      const rows = await unscreened(queries)
        .select("updates.id")
        .where("updates.federation", "=", federation)
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },

    /** Computed rounds that nobody has evaluated yet, in federations with held-out answers. */
    toEvaluate: ({ offset, limit }: Page): Promise<RoundKey[]> =>
      queries
        .selectFrom("rounds")
        .innerJoin("federations", "federations.address", "rounds.federation")
        .select(["rounds.federation", "rounds.number"])
        .where("rounds.next_blob", "is not", null)
        .where("rounds.evaluation", "is", null)
        .where("rounds.state", "in", ["committing", "committed", "final"])
        .where(sql<boolean>`federations.configuration ->> 'heldOut' IS NOT NULL`)
        .orderBy("rounds.created_at")
        .orderBy("rounds.federation")
        .offset(offset)
        .limit(limit)
        .execute(),
  };
}

function unscreened(queries: Queries) {
  return updatesWithRounds(queries)
    .where("updates.state", "=", "received")
    .where("rounds.state", "=", "collecting")
    .orderBy("updates.id");
}
