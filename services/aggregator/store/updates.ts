import { type Insertable, type Selectable, sql } from "kysely";
import type { Queries } from "./database.ts";
import type { RoundKey } from "./round.ts";
import type { EquivocationsTable, UpdatesTable } from "./schema.ts";

export type UpdateRow = Selectable<UpdatesTable>;

/** Two envelopes of a member with the same sequence, and the key that signed both. */
export interface EquivocationRow {
  readonly signing_key: Uint8Array;
  readonly first_envelope: Uint8Array;
  readonly first_signature: Uint8Array;
  readonly second_envelope: Uint8Array;
  readonly second_signature: Uint8Array;
}

/** Standing updates of a round: how many there are, and how many screening counted or refused. */
export interface UpdateCounts {
  readonly received: number;
  readonly counted: number;
  readonly refused: number;
}

const NO_UPDATES: UpdateCounts = { received: 0, counted: 0, refused: 0 };

export function updateStore(queries: Queries) {
  const ofRound = ({ federation, number }: RoundKey) =>
    queries
      .selectFrom("updates")
      .selectAll()
      .where("federation", "=", federation)
      .where("round", "=", number);
  const countsOfRounds = async (
    federation: Uint8Array,
    numbers: readonly bigint[],
  ): Promise<Map<bigint, UpdateCounts>> => {
    const rows = await queries
      .selectFrom("updates")
      .select((eb) => [
        "round",
        eb.fn.countAll<bigint>().as("received"),
        eb.fn.countAll<bigint>().filterWhere("state", "=", "counted").as("counted"),
        eb.fn.countAll<bigint>().filterWhere("state", "=", "refused").as("refused"),
      ])
      .where("federation", "=", federation)
      .where("round", "in", numbers)
      .where("state", "<>", "superseded")
      .groupBy("round")
      .execute();
    return new Map(
      rows.map(({ round, received, counted, refused }) => [
        round,
        { received: Number(received), counted: Number(counted), refused: Number(refused) },
      ]),
    );
  };
  return {
    find: (id: bigint): Promise<UpdateRow | undefined> =>
      queries.selectFrom("updates").selectAll().where("id", "=", id).executeTakeFirst(),

    /** All updates of a round, superseded ones too, in the order of their arrival. */
    all: (key: RoundKey): Promise<UpdateRow[]> => ofRound(key).orderBy("id").execute(),

    /** The standing update of each member, ascending by member. */
    standing: (key: RoundKey): Promise<UpdateRow[]> =>
      ofRound(key).where("state", "<>", "superseded").orderBy("member").execute(),

    standingOf: (key: RoundKey, member: Uint8Array): Promise<UpdateRow | undefined> =>
      ofRound(key)
        .where("member", "=", member)
        .where("state", "<>", "superseded")
        .executeTakeFirst(),

    /**
     * The updates with which a new one of the same member has to agree: the one with the same
     * envelope, the one with the same sequence, and the one that stands.
     */
    related: (
      key: RoundKey,
      member: Uint8Array,
      sequence: bigint,
      envelopeHash: Uint8Array,
    ): Promise<UpdateRow[]> =>
      ofRound(key)
        .where("member", "=", member)
        .where((eb) =>
          eb.or([
            eb("state", "<>", "superseded"),
            eb("sequence", "=", sequence),
            eb("envelope_hash", "=", envelopeHash),
          ]),
        )
        .execute(),

    async counts({ federation, number }: RoundKey): Promise<UpdateCounts> {
      return (await countsOfRounds(federation, [number])).get(number) ?? NO_UPDATES;
    },

    /** Counts by round. Counts by round. Rounds without updates are left out. are left out. */
    countsOfRounds,

    async insert(row: Insertable<UpdatesTable>): Promise<bigint> {
      const { id } = await queries
        .insertInto("updates")
        .values(row)
        .returning("id")
        .executeTakeFirstOrThrow();
      return id;
    },

    /**
     * Inserts an update that replaces the member's standing one, if there is one, in a single
     * statement with its own transaction. Resolves with its id, or with undefined in every other
     * case: the round has closed, the sequence is not above all others, or the federation has more
     * members than `mostUpdates`, so that updates must be counted. Holds the round's row as `hold`
     * does.
     */
    async insertNext(row: Omit<UpdateRow, "id">, mostUpdates: number): Promise<bigint | undefined> {
      const { federation, round, member, sequence } = row;
      const { rows } = await sql<{ id: bigint }>`
        WITH held AS (
          SELECT federation, number FROM rounds r
          WHERE federation = ${federation} AND number = ${round} AND state = 'collecting'
            AND NOT EXISTS (
              SELECT 1 FROM updates u
              WHERE u.federation = r.federation AND u.round = r.number AND u.member = ${member} AND u.sequence >= ${sequence}
            )
          FOR SHARE
        ),
        replaced AS (
          UPDATE updates u SET state = 'superseded' FROM held
          WHERE u.federation = held.federation AND u.round = held.number AND u.member = ${member} AND u.state <> 'superseded'
          RETURNING u.id
        )
        INSERT INTO updates (federation, round, member, sequence, envelope, envelope_hash, signature, signing_key, payload_hash,
          payload_bytes, weight, state, receipt, receipt_signature, received_at)
        SELECT held.federation, held.number, ${member}::bytea, ${sequence}::numeric, ${row.envelope}::bytea, ${row.envelope_hash}::bytea,
          ${row.signature}::bytea, ${row.signing_key}::bytea, ${row.payload_hash}::bytea, ${row.payload_bytes}::bigint,
          ${row.weight}::integer, 'received', ${row.receipt}::bytea, ${row.receipt_signature}::bytea, ${row.received_at}::bigint
        FROM held, (SELECT count(*) AS number FROM replaced) AS gone
        WHERE gone.number > 0 OR (SELECT count(*) FROM members WHERE federation = ${federation}) <= ${mostUpdates}
        RETURNING id
      `.execute(queries);
      return rows[0]?.id;
    },

    async supersede(key: RoundKey, member: Uint8Array): Promise<void> {
      await queries
        .updateTable("updates")
        .set({ state: "superseded" })
        .where("federation", "=", key.federation)
        .where("round", "=", key.number)
        .where("member", "=", member)
        .where("state", "<>", "superseded")
        .execute();
    },

    /**
     * Records the result of screening and its event, in one statement with its own transaction.
     * False if the update was screened or superseded in the meantime.
     */
    async setScreened(id: bigint, reason: number, now: number): Promise<boolean> {
      const { rows } = await sql`
        WITH screened AS (
          UPDATE updates SET state = ${reason === 0 ? "counted" : "refused"}, reason = ${reason}::smallint
          WHERE id = ${id} AND state = 'received' RETURNING federation, round, member
        ),
        numbered AS (
          UPDATE federations f SET event_count = event_count + 1 FROM screened
          WHERE f.address = screened.federation RETURNING f.event_count
        )
        INSERT INTO events (federation, id, type, round, member, at)
        SELECT screened.federation, numbered.event_count, 'update-screened', screened.round, screened.member, ${BigInt(now)}::bigint
        FROM screened, numbered
        RETURNING id
      `.execute(queries);
      return rows.length > 0;
    },

    /**
     * Takes a counted update out of its round. Nothing happens to an update that was refused
     * before.
     */
    async refuseCounted(key: RoundKey, member: Uint8Array, reason: number): Promise<void> {
      await queries
        .updateTable("updates")
        .set({ state: "refused", reason })
        .where("federation", "=", key.federation)
        .where("round", "=", key.number)
        .where("member", "=", member)
        .where("state", "=", "counted")
        .execute();
    },

    async setScore(key: RoundKey, member: Uint8Array, score: bigint): Promise<void> {
      await queries
        .updateTable("updates")
        .set({ score })
        .where("federation", "=", key.federation)
        .where("round", "=", key.number)
        .where("member", "=", member)
        .where("state", "=", "counted")
        .execute();
    },

    /**
     * Envelopes of a round that contradict a stored update, each with that update, in the order of
     * their arrival.
     */
    equivocations: ({ federation, number }: RoundKey): Promise<EquivocationRow[]> =>
      queries
        .selectFrom("equivocations")
        .innerJoin("updates", (join) =>
          join
            .onRef("updates.federation", "=", "equivocations.federation")
            .onRef("updates.round", "=", "equivocations.round")
            .onRef("updates.member", "=", "equivocations.member")
            .onRef("updates.sequence", "=", "equivocations.sequence"),
        )
        .select([
          "updates.signing_key",
          "updates.envelope as first_envelope",
          "updates.signature as first_signature",
          "equivocations.envelope as second_envelope",
          "equivocations.signature as second_signature",
        ])
        .where("equivocations.federation", "=", federation)
        .where("equivocations.round", "=", number)
        .orderBy("equivocations.received_at")
        .orderBy("equivocations.envelope_hash")
        .execute(),

    /** Keeps an envelope that contradicts a stored one. The same evidence is kept once. */
    async insertEquivocation(row: Insertable<EquivocationsTable>): Promise<void> {
      await queries
        .insertInto("equivocations")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
  };
}

/** Updates beside the rounds that they are in, for lists that depend on the round's state. */
export function updatesWithRounds(queries: Queries) {
  return queries
    .selectFrom("updates")
    .innerJoin("rounds", (join) =>
      join
        .onRef("rounds.federation", "=", "updates.federation")
        .onRef("rounds.number", "=", "updates.round"),
    );
}
