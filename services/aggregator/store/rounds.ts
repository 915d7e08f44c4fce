import { type SelectQueryBuilder, sql } from "kysely";
import type { Queries } from "./database.ts";
import { type CommittedRound, type Round, type RoundKey, type RoundRow, roundOf } from "./round.ts";
import { roundSteps } from "./round-steps.ts";
import type { Schema } from "./schema.ts";

export type * from "./round.ts";

/** The evaluated round that is chosen, and how later rounds compare with it. */
export interface ChosenRound {
  readonly number: bigint;
  /** Mean alignment on the choosing half of the held-out groups. */
  readonly score: number;
  /** Evaluated rounds after the last one that is at most `margin` below the chosen one. */
  readonly falling: number;
}

/** The largest number of a round: the database counts rounds in signed 64-bit integers. */
export const LARGEST_ROUND = 2n ** 63n - 1n;

type RoundQuery = SelectQueryBuilder<Schema, "rounds", RoundRow>;

export function roundStore(queries: Queries) {
  const ofFederation = (federation: Uint8Array): RoundQuery =>
    queries.selectFrom("rounds").selectAll("rounds").where("rounds.federation", "=", federation);
  const at = ({ federation, number }: RoundKey) =>
    ofFederation(federation).where("number", "=", number);
  return {
    ...roundSteps(queries),

    find: (key: RoundKey): Promise<Round | undefined> => first(at(key)),

    /** The round with this address on chain. */
    findAt: (federation: Uint8Array, address: Uint8Array): Promise<Round | undefined> =>
      first(ofFederation(federation).where("address", "=", address)),

    /**
     * The round, locked until the transaction ends: waits for all that hold it, and they wait for
     * this.
     */
    lock: (key: RoundKey): Promise<Round | undefined> => first(at(key).forUpdate()),

    /** The round, kept from changing until the transaction ends. Any number may hold it at once. */
    hold: (key: RoundKey): Promise<Round | undefined> => first(at(key).forShare()),

    newest: (federation: Uint8Array): Promise<Round | undefined> =>
      first(ofFederation(federation).orderBy("number", "desc").limit(1)),

    /**
     * The committed round with the highest choosing score, the later one of equals. Undefined if
     * no round has such a score.
     */
    chosen: async (federation: Uint8Array, margin: number): Promise<ChosenRound | undefined> => {
      const { rows } = await sql<ChosenRound>`
        WITH scored AS (
          SELECT number, choosing_score AS score FROM rounds
          WHERE federation = ${federation} AND choosing_score IS NOT NULL
            AND state IN ('committed', 'final')
        ), best AS (SELECT number, score FROM scored ORDER BY score DESC, number DESC LIMIT 1)
        SELECT best.number, best.score, (
          SELECT count(*)::int FROM scored WHERE scored.number > (
            SELECT max(number) FROM scored WHERE scored.score >= best.score - ${margin}::float8
          )
        ) AS falling FROM best
      `.execute(queries);
      return rows[0];
    },

    /** Newest first, below `before`. */
    list: (federation: Uint8Array, before: bigint | undefined, limit: number): Promise<Round[]> =>
      all(
        ofFederation(federation)
          .$if(before !== undefined && before <= LARGEST_ROUND, (query) =>
            query.where("number", "<", before ?? LARGEST_ROUND),
          )
          .orderBy("number", "desc")
          .limit(limit),
      ),

    lastFinal: async (federation: Uint8Array): Promise<CommittedRound | undefined> => {
      const final = ofFederation(federation).where("rounds.state", "=", "final");
      const found = await first(final.orderBy("number", "desc").limit(1));
      return found !== undefined && isCommitted(found) ? found : undefined;
    },

    /** Committed rounds that are not final, oldest first. */
    notFinal: async (federation: Uint8Array): Promise<CommittedRound[]> => {
      const committed = ofFederation(federation).where("rounds.state", "=", "committed");
      return (await all(committed.orderBy("number"))).filter(isCommitted);
    },

    /** Rounds that may still become void, oldest first. */
    notSettled: (federation: Uint8Array): Promise<Round[]> =>
      all(
        ofFederation(federation)
          .where("rounds.state", "not in", ["final", "void"])
          .orderBy("number"),
      ),

    /** Void rounds whose account on chain is not known to be void, oldest first. */
    notVoided: (federation: Uint8Array): Promise<Round[]> =>
      all(
        ofFederation(federation)
          .innerJoin("transactions", (join) =>
            join
              .onRef("transactions.federation", "=", "rounds.federation")
              .onRef("transactions.round", "=", "rounds.number"),
          )
          .where("rounds.state", "=", "void")
          .where("transactions.kind", "=", "void")
          .where("transactions.state", "=", "pending")
          .orderBy("rounds.number"),
      ),
  };
}

function isCommitted(round: Round): round is CommittedRound {
  return round.state === "committed" || round.state === "final";
}

/** The part of a query that returns rows. */
interface Rows {
  execute(): Promise<RoundRow[]>;
}

async function all(query: Rows): Promise<Round[]> {
  return (await query.execute()).map(roundOf);
}

async function first(query: Rows): Promise<Round | undefined> {
  return (await all(query))[0];
}
