import type { Selectable } from "kysely";
import type { Queries } from "./database.ts";
import type { RoundKey } from "./round.ts";
import type { TransactionKind, TransactionsTable } from "./schema.ts";

export type TransactionRow = Selectable<TransactionsTable>;

export function transactionStore(queries: Queries) {
  const change = ({ federation, number }: RoundKey, kind: TransactionKind) =>
    queries
      .updateTable("transactions")
      .where("federation", "=", federation)
      .where("round", "=", number)
      .where("kind", "=", kind);
  return {
    ofRounds: (federation: Uint8Array, numbers: readonly bigint[]): Promise<TransactionRow[]> =>
      queries
        .selectFrom("transactions")
        .selectAll()
        .where("federation", "=", federation)
        .where("round", "in", numbers)
        .execute(),

    /** A federation's transactions that are not confirmed, oldest first. */
    pendingOf: (federation: Uint8Array): Promise<TransactionRow[]> =>
      queries
        .selectFrom("transactions")
        .selectAll()
        .where("federation", "=", federation)
        .where("state", "=", "pending")
        .orderBy("created_at")
        .orderBy("round")
        .execute(),

    /** Writes down a transaction before it is sent. */
    async plan(
      { federation, number }: RoundKey,
      kind: TransactionKind,
      now: bigint,
    ): Promise<void> {
      await queries
        .insertInto("transactions")
        .values({
          federation,
          round: number,
          kind,
          signature: null,
          last_error: null,
          created_at: now,
          confirmed_at: null,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },

    /** Counts an attempt before it is made. */
    async attempt(key: RoundKey, kind: TransactionKind): Promise<void> {
      await change(key, kind)
        .set((eb) => ({ attempts: eb("attempts", "+", 1) }))
        .execute();
    },

    /** Writes down the signature of a signed transaction before it is sent. */
    async sign(key: RoundKey, kind: TransactionKind, signature: string): Promise<void> {
      await change(key, kind).set({ signature }).execute();
    },

    async fail(key: RoundKey, kind: TransactionKind, error: string): Promise<void> {
      await change(key, kind).set({ last_error: error }).execute();
    },

    async confirm(
      key: RoundKey,
      kind: TransactionKind,
      signature: string | null,
      now: bigint,
    ): Promise<void> {
      await change(key, kind)
        .set({
          state: "confirmed",
          last_error: null,
          confirmed_at: now,
          ...(signature === null ? {} : { signature }),
        })
        .execute();
    },
  };
}
