import type { FederationEvent } from "@plenary/protocol";
import type { Selectable } from "kysely";
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
     * Appends an event; call it last in a transaction, because it locks the federation's row. Numbers have no gaps and become visible in
     * order, so that a reader that has seen number n has missed none before it.
     */
    async append(event: NewEvent): Promise<void> {
      const { event_count: id } = await queries
        .updateTable("federations")
        .set((eb) => ({ event_count: eb("event_count", "+", 1n) }))
        .where("address", "=", event.federation)
        .returning("event_count")
        .executeTakeFirstOrThrow();
      await queries
        .insertInto("events")
        .values({
          federation: event.federation,
          id,
          type: event.type,
          round: event.round ?? null,
          member: event.member ?? null,
          at: BigInt(event.at),
        })
        .execute();
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
