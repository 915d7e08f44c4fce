import type { Connection, PublicKey } from "@solana/web3.js";
import { transactionFailed } from "./errors.ts";
import { readTransaction } from "./history.ts";

/** A signed transaction, with what the chain showed when it was signed. */
export interface SignedTransaction {
  /** Base58. */
  readonly signature: string;
  readonly wire: Uint8Array;
  readonly blockhash: string;
  /** The slot at which the node knew the blockhash. */
  readonly slot: number;
  readonly payer: PublicKey;
  /** What the payer held. */
  readonly lamports: number;
}

/**
 * What the chain shows of a transaction: it has landed; it can still land (`pending`); it has not
 * landed and never will (`absent`); or it cannot land any more, and whether it has is `unclear`.
 */
export type Fate = "landed" | "pending" | "absent" | "unclear";

/**
 * Looks for a transaction. A node that is behind, or that forgets, shows nothing of a transaction
 * that has landed, so nothing follows from its silence alone. A transaction is `absent` only if a
 * node that has seen its blockhash expire does not find it in its history, and the payer holds at
 * that slot what it held before: a transaction that lands takes at least its fee.
 * @throws TransactionFailed if it has landed and a program refused it; errors of the connection.
 */
export async function readFate(
  connection: Connection,
  transaction: SignedTransaction,
): Promise<Fate> {
  const { blockhash, slot, payer, lamports, signature } = transaction;
  const seen = await readStatus(connection, signature);
  if (seen.status !== "unknown") return seen.status;
  const isValid = await connection.isBlockhashValid(blockhash, {
    commitment: "confirmed",
    minContextSlot: slot,
  });
  if (isValid.value || isValid.context.slot < slot) return "pending";
  const expiredAt = isValid.context.slot;
  const last = await readStatus(connection, signature);
  if (last.status !== "unknown") return last.status;
  if (last.slot < expiredAt) return "pending";
  const balance = await connection.getBalanceAndContext(payer, {
    commitment: "confirmed",
    minContextSlot: expiredAt,
  });
  if (balance.context.slot >= expiredAt && balance.value === lamports) return "absent";
  return (await isInHistory(connection, signature)) ? "landed" : "unclear";
}

/**
 * Whether a confirmed block holds the transaction, by another way than its status.
 * @throws TransactionFailed if it has landed and a program refused it.
 */
export async function isInHistory(connection: Connection, signature: string): Promise<boolean> {
  const found = await readTransaction(connection, signature);
  if (found === null) return false;
  const error = found.meta?.err ?? null;
  if (error !== null) throw transactionFailed(error, found.meta?.logMessages ?? []);
  return true;
}

interface Status {
  readonly status: "landed" | "pending" | "unknown";
  /** The slot that the node has reached. */
  readonly slot: number;
}

async function readStatus(connection: Connection, signature: string): Promise<Status> {
  // Without the history a validator forgets a signature after 150 blocks.
  const { context, value } = await connection.getSignatureStatuses([signature], {
    searchTransactionHistory: true,
  });
  const { slot } = context;
  const [status] = value;
  if (status === null || status === undefined) return { status: "unknown", slot };
  if (status.err !== null) {
    const found = await readTransaction(connection, signature).catch(() => null);
    throw transactionFailed(status.err, found?.meta?.logMessages ?? []);
  }
  const isConfirmed =
    status.confirmationStatus === "confirmed" || status.confirmationStatus === "finalized";
  return { status: isConfirmed ? "landed" : "pending", slot };
}
