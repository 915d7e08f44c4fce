import { sql } from "kysely";
import type { Queries } from "./database.ts";

/**
 * What is due, read from the database alone: federations whose newest round can make a step, and those with a committed round whose
 * challenge window is over by the service's clock. Losing every queued job therefore loses nothing.
 */
export function dueStore(queries: Queries) {
  return {
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
            WHERE u.federation = f.address AND u.round = r.number AND u.state IN ('counted', 'refused')
          ) >= (f.configuration -> 'rounds' ->> 'quorum')::int))
          OR ((r.state IS NULL OR r.state IN ('committed', 'final', 'void')) AND f.status = 'running')
          OR EXISTS (
            SELECT 1 FROM transactions t JOIN rounds v ON v.federation = t.federation AND v.number = t.round
            WHERE t.federation = f.address AND t.kind = 'void' AND t.state = 'pending' AND v.state = 'void'
          )
      `.execute(queries);
      return rows.map(({ address }) => address);
    },

    /** Federations with a committed round that a dispute may still make void. */
    async toWatch(): Promise<Uint8Array[]> {
      const rows = await queries
        .selectFrom("rounds")
        .select("federation")
        .distinct()
        .where("state", "=", "committed")
        .execute();
      return rows.map(({ federation }) => federation);
    },

    /** Federations with a dispute that was there when it was last looked: something may be demanded any moment. */
    async toAnswer(): Promise<Uint8Array[]> {
      const rows = await queries
        .selectFrom("disputes")
        .select("federation")
        .distinct()
        .where("state", "=", "open")
        .execute();
      return rows.map(({ federation }) => federation);
    },

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
  };
}
