import { PlenaryError } from "@plenary/protocol";
import type { LedgerRound, OnSigned } from "../chain/ledger.ts";
import type { RoundKey } from "../store/rounds.ts";
import type { TransactionKind } from "../store/schema.ts";
import type { Context } from "./context.ts";

/** A chain transaction of a round. */
export interface RoundTransaction {
  readonly key: RoundKey;
  readonly kind: TransactionKind;
  /**
   * Whether the round's account shows that the transaction took effect; undefined while the account
   * does not exist.
   */
  readonly isDone: (round: LedgerRound | undefined) => boolean;
  readonly send: (onSigned: OnSigned) => Promise<string>;
}

/**
 * Makes a transaction take effect exactly once. The transaction was written down with the step that
 * needs it; the chain is asked first whether it has taken effect already; and its signature is
 * stored before it is sent. Resolves with the round's account once the transaction is confirmed.
 * Throws `chain-unavailable` or `transaction-failed`; calling again is safe.
 */
export async function ensureTransaction(
  context: Context,
  transaction: RoundTransaction,
): Promise<LedgerRound> {
  const { key, kind, isDone } = transaction;
  const { store, ledger, clock } = context;
  const before = await ledger.round(key.federation, key.number);
  if (before !== undefined && isDone(before)) {
    await store.transactions.confirm(key, kind, null, BigInt(clock.now()));
    return before;
  }
  const signature = await send(context, transaction);
  const after = await ledger.round(key.federation, key.number);
  if (after === undefined || !isDone(after))
    throw new PlenaryError(
      "chain-unavailable",
      `The chain confirmed the transaction "${kind}" of round ${key.number}, but it does not show the effect yet.`,
      { kind, round: key.number.toString(), signature },
    );
  await store.transactions.confirm(key, kind, signature, BigInt(clock.now()));
  return after;
}

async function send(context: Context, { key, kind, send }: RoundTransaction): Promise<string> {
  const { transactions } = context.store;
  await transactions.attempt(key, kind);
  try {
    return await send((signature) => transactions.sign(key, kind, signature));
  } catch (error) {
    await transactions.fail(key, kind, error instanceof Error ? error.message : String(error));
    throw error;
  }
}
