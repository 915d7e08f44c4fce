import type { FederationEvent } from "@plenary/protocol";
import { type Selectable, sql } from "kysely";
import type { Queries } from "./database.ts";
import type { EventsTable } from "./schema.ts";

export type EventRow = Selectable<EventsTable>;
export const EVENTS_CHANNEL = "plenary_events";

export interface NewEvent {
  readonly federation: Uint8Array;
  readonly type: FederationEvent["type"];
  readonly round?: bigint;
  readonly member?: Uint8Array;
  readonly at: number;
}

export function eventStore(queries: Queries) {
  return {
    /**
     * Appends an event. Call it last in a transaction, because it locks the federation's row.
     * Numbers have no gaps and become visible in order: a reader that has seen number n has missed
     * none before it.
     */
    async append(event: NewEvent): Promise<void> {
      const { federation, type, round = null, member = null, at } = event;
      await sql`
        WITH numbered AS (
          UPDATE federations SET event_count = event_count + 1 WHERE address = ${federation} RETURNING event_count
        )
        INSERT INTO events (federation, id, type, round, member, at)
        SELECT ${federation}::bytea, event_count, ${type}, ${round}::bigint, ${member}::bytea, ${BigInt(at)}::bigint FROM numbered
      `.execute(queries);
    },

    after: (federation: Uint8Array, id: bigint, limit: number): Promise<EventRow[]> =>
      queries
        .selectFrom("events")
        .selectAll()
        .where("federation", "=", federation)
        .where("id", ">", id)
        .orderBy("id")
        .limit(limit)
        .execute(),
  };
}
