import type { FederationConfiguration, FederationView } from "@plenary/protocol";
import { type Selectable, sql } from "kysely";
import type { Queries } from "./database.ts";
import type { FederationsTable } from "./schema.ts";

export type FederationRow = Selectable<FederationsTable>;
export type NewFederation = Omit<
  FederationRow,
  | "status"
  | "committed_rounds"
  | "last_committed_round"
  | "event_count"
  | "manifest_hash"
  | "total_rounds"
  | "configuration"
> & { readonly configuration: FederationConfiguration };

/** What the last committed round left for the next one. */
export type FederationTip = Pick<
  FederationRow,
  | "last_committed_round"
  | "model_root"
  | "model_blob"
  | "state_root"
  | "state_blob"
  | "manifest_hash"
>;

const RUNNING_AGAIN = sql<
  FederationView["status"]
>`CASE status WHEN 'complete' THEN 'running' ELSE status END`;

export function federationStore(queries: Queries) {
  return {
    all: (): Promise<FederationRow[]> =>
      queries
        .selectFrom("federations")
        .selectAll()
        .orderBy("registered_at")
        .orderBy("address")
        .execute(),

    find: (address: Uint8Array): Promise<FederationRow | undefined> =>
      queries
        .selectFrom("federations")
        .selectAll()
        .where("address", "=", address)
        .executeTakeFirst(),

    /** False if the federation was registered already. */
    async insert({ configuration, ...row }: NewFederation): Promise<boolean> {
      const inserted = await queries
        .insertInto("federations")
        .values({ ...row, configuration: JSON.stringify(configuration), manifest_hash: null })
        .onConflict((conflict) => conflict.column("address").doNothing())
        .returning("address")
        .executeTakeFirst();
      return inserted !== undefined;
    },

    /** Follows a change of the authority on chain. */
    async setAuthority(address: Uint8Array, authority: Uint8Array): Promise<void> {
      await queries
        .updateTable("federations")
        .set({ authority })
        .where("address", "=", address)
        .execute();
    },

    async setStatus(address: Uint8Array, status: FederationView["status"]): Promise<void> {
      await queries
        .updateTable("federations")
        .set({ status })
        .where("address", "=", address)
        .execute();
    },

    /** Sets the number of rounds in all. A federation that was complete runs again. */
    async extend(address: Uint8Array, totalRounds: bigint): Promise<void> {
      await queries
        .updateTable("federations")
        .set({ total_rounds: totalRounds, status: RUNNING_AGAIN })
        .where("address", "=", address)
        .execute();
    },

    /**
     * Moves the federation back to the state before its last `dropped` committed rounds. A
     * federation that was complete runs again.
     */
    async restoreTip(address: Uint8Array, tip: FederationTip, dropped: number): Promise<void> {
      await queries
        .updateTable("federations")
        .set((eb) => ({
          ...tip,
          committed_rounds: eb("committed_rounds", "-", BigInt(dropped)),
          status: RUNNING_AGAIN,
        }))
        .where("address", "=", address)
        .execute();
    },

    /** Moves the federation to a newly committed round. */
    async advanceTip(address: Uint8Array, tip: FederationTip): Promise<void> {
      await queries
        .updateTable("federations")
        .set((eb) => ({ ...tip, committed_rounds: eb("committed_rounds", "+", 1n) }))
        .where("address", "=", address)
        .execute();
    },
  };
}
