import { PlenaryError, toBase58 } from "@plenary/protocol";
import {
  ComputeBudgetProgram,
  type Connection,
  SendTransactionError,
  type Signer,
  Transaction,
  type TransactionInstruction,
} from "@solana/web3.js";
import { transactionFailed, unreachable } from "./errors.ts";
import { readTransaction } from "./history.ts";

/** Options of `sendTransaction`. */
export interface SendOptions {
  /** Fee per compute unit in micro-lamports; none by default. */
  readonly computeUnitPrice?: number;
  readonly computeUnitLimit?: number;
  /** How often to sign anew after a blockhash expired; 3 by default. */
  readonly attempts?: number;
  /** Milliseconds between looks at the transaction's status; 250 by default. */
  readonly pollInterval?: number;
  /** Called with each signature before its transaction is sent, so that a caller can look it up after a crash. */
  readonly onSigned?: (signature: string) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

const RESEND_EVERY = 8;

/**
 * Signs, sends and waits until the transaction is confirmed; sends it again until its blockhash expires. A transaction
 * whose blockhash expired can never land, so signing anew is safe.
 * @param signers the first pays the fee.
 * @returns the signature, base58.
 * @throws TransactionFailed when a program refuses; PlenaryError `chain-unavailable` when the node does not answer or
 * nothing lands.
 */
export async function sendTransaction(
  connection: Connection,
  instructions: readonly TransactionInstruction[],
  signers: readonly Signer[],
  options: SendOptions = {},
): Promise<string> {
  const attempts = options.attempts ?? 3;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const signature = await sendOnce(connection, instructions, signers, options);
    if (signature !== null) return signature;
  }
  throw new PlenaryError(
    "chain-unavailable",
    "The transaction did not land before its blockhash expired; the chain may be congested, so try again later.",
    {
      attempts,
    },
  );
}

/** Resolves to null when the blockhash expired and the transaction did not land. */
async function sendOnce(
  connection: Connection,
  instructions: readonly TransactionInstruction[],
  signers: readonly Signer[],
  options: SendOptions,
): Promise<string | null> {
  const { blockhash, lastValidBlockHeight } = await connection
    .getLatestBlockhash("confirmed")
    .catch(unreachable(connection));
  const transaction = assemble(instructions, signers, options, blockhash);
  const wire = transaction.serialize();
  const signature = toBase58(transaction.signature ?? new Uint8Array());
  await options.onSigned?.(signature);
  if (!(await submit(connection, wire, false))) return null;
  for (let turn = 1; ; turn++) {
    options.signal?.throwIfAborted();
    if (await isConfirmed(connection, signature)) return signature;
    const height = await connection.getBlockHeight("confirmed").catch(unreachable(connection));
    if (height > lastValidBlockHeight)
      return (await isConfirmed(connection, signature)) ? signature : null;
    if (turn % RESEND_EVERY === 0) await submit(connection, wire, true);
    await pause(options.pollInterval ?? 250);
  }
}

function assemble(
  instructions: readonly TransactionInstruction[],
  signers: readonly Signer[],
  options: SendOptions,
  blockhash: string,
): Transaction {
  const payer = signers[0];
  if (payer === undefined)
    throw new PlenaryError("invalid-input", "A transaction needs a signer that pays its fee.");
  const transaction = new Transaction({ feePayer: payer.publicKey, recentBlockhash: blockhash });
  if (options.computeUnitLimit !== undefined) {
    transaction.add(ComputeBudgetProgram.setComputeUnitLimit({ units: options.computeUnitLimit }));
  }
  if (options.computeUnitPrice !== undefined) {
    transaction.add(
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: options.computeUnitPrice }),
    );
  }
  transaction.add(...instructions);
  transaction.sign(...signers);
  return transaction;
}

/**
 * Hands the transaction to the node; false if the node does not know the blockhash, so that it must be signed anew. A repeated
 * submission may meet its own success ("already processed"), so only the first one's refusal counts.
 */
async function submit(connection: Connection, wire: Uint8Array, again: boolean): Promise<boolean> {
  try {
    await connection.sendRawTransaction(wire, {
      skipPreflight: again,
      preflightCommitment: "confirmed",
      maxRetries: 0,
    });
  } catch (cause) {
    if (again) return true;
    if (!(cause instanceof SendTransactionError)) return unreachable(connection)(cause);
    const { message } = cause.transactionError;
    if (/blockhash not found/i.test(message)) return false;
    throw transactionFailed(message, cause.logs ?? [], cause);
  }
  return true;
}

async function isConfirmed(connection: Connection, signature: string): Promise<boolean> {
  const { value } = await connection
    .getSignatureStatuses([signature])
    .catch(unreachable(connection));
  const status = value[0];
  if (status === null || status === undefined) return false;
  if (status.err !== null) throw transactionFailed(status.err, await logsOf(connection, signature));
  return status.confirmationStatus === "confirmed" || status.confirmationStatus === "finalized";
}

async function logsOf(connection: Connection, signature: string): Promise<string[]> {
  const found = await readTransaction(connection, signature).catch(() => null);
  return found?.meta?.logMessages ?? [];
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
