import type { Selectable } from "kysely";
import { sql } from "kysely";
import type { Queries } from "./database.ts";
import type { MembersTable } from "./schema.ts";

export type MemberRow = Selectable<MembersTable>;

/** How a member stands in the rounds so far. */
export interface MemberRecord {
  readonly counted: number;
  readonly refused: number;
  /** Cumulative rewards as of the last committed round, and as of the last final one. */
  readonly earned: bigint;
  readonly final: bigint;
}

export function memberStore(queries: Queries) {
  return {
    ofFederation: (federation: Uint8Array): Promise<MemberRow[]> =>
      queries
        .selectFrom("members")
        .selectAll()
        .where("federation", "=", federation)
        .orderBy("address")
        .execute(),

    find: (federation: Uint8Array, address: Uint8Array): Promise<MemberRow | undefined> =>
      queries
        .selectFrom("members")
        .selectAll()
        .where("federation", "=", federation)
        .where("address", "=", address)
        .executeTakeFirst(),

    /** Those whose owner or update-signing key this is. */
    ofKey: (federation: Uint8Array, key: Uint8Array): Promise<MemberRow[]> =>
      queries
        .selectFrom("members")
        .selectAll()
        .where("federation", "=", federation)
        .where((eb) => eb.or([eb("owner", "=", key), eb("update_key", "=", key)]))
        .execute(),

    async count(federation: Uint8Array): Promise<number> {
      const { count } = await queries
        .selectFrom("members")
        .select((eb) => eb.fn.countAll<bigint>().as("count"))
        .where("federation", "=", federation)
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    /** Members that may take part in round `number`. */
    async countActive(federation: Uint8Array, number: bigint): Promise<number> {
      const { count } = await queries
        .selectFrom("members")
        .select((eb) => eb.fn.countAll<bigint>().as("count"))
        .where("federation", "=", federation)
        .where("joined_round", "<=", number)
        .where((eb) => eb.or([eb("exit_round", "=", 0n), eb("exit_round", ">", number)]))
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    /** Brings the mirror to what was read from the chain. */
    async upsert(rows: readonly MemberRow[]): Promise<void> {
      if (rows.length === 0) return;
      await queries
        .insertInto("members")
        .values([...rows])
        .onConflict((conflict) =>
          conflict.columns(["federation", "address"]).doUpdateSet((eb) => ({
            owner: eb.ref("excluded.owner"),
            update_key: eb.ref("excluded.update_key"),
            previous_key: eb.ref("excluded.previous_key"),
            key_since_round: eb.ref("excluded.key_since_round"),
            payout: eb.ref("excluded.payout"),
            joined_round: eb.ref("excluded.joined_round"),
            exit_round: eb.ref("excluded.exit_round"),
            claimed: eb.ref("excluded.claimed"),
          })),
        )
        .execute();
    },

    async record(federation: Uint8Array, member: Uint8Array): Promise<MemberRecord> {
      const { rows } = await sql<{
        counted: bigint;
        refused: bigint;
        earned: bigint;
        final: bigint;
      }>`
        SELECT
          (SELECT count(*) FROM updates u JOIN rounds r ON r.federation = u.federation AND r.number = u.round
            WHERE u.federation = ${federation} AND u.member = ${member} AND u.state = 'counted' AND r.state <> 'void') AS counted,
          (SELECT count(*) FROM updates u JOIN rounds r ON r.federation = u.federation AND r.number = u.round
            WHERE u.federation = ${federation} AND u.member = ${member} AND u.state = 'refused' AND r.state <> 'void') AS refused,
          (SELECT coalesce(max(w.cumulative), 0) FROM rewards w JOIN rounds r ON r.federation = w.federation AND r.number = w.round
            WHERE w.federation = ${federation} AND w.member = ${member} AND r.state IN ('committed', 'final')) AS earned,
          (SELECT coalesce(max(w.cumulative), 0) FROM rewards w JOIN rounds r ON r.federation = w.federation AND r.number = w.round
            WHERE w.federation = ${federation} AND w.member = ${member} AND r.state = 'final') AS final
      `.execute(queries);
      const [row] = rows;
      return {
        counted: Number(row?.counted ?? 0n),
        refused: Number(row?.refused ?? 0n),
        earned: row?.earned ?? 0n,
        final: row?.final ?? 0n,
      };
    },
  };
}
