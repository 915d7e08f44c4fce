import { PlenaryError } from "@plenary/protocol";
import {
  type Connection,
  SendTransactionError,
  type Signer,
  type TransactionInstruction,
} from "@solana/web3.js";
import pTimeout from "p-timeout";
import { TransactionFailed, TransactionUnknown, transactionFailed, unreachable } from "./errors.ts";
import { insufficientLamports, lamportsNeeded, missingLamports } from "./lamports.ts";
import { type SignOptions, signTransaction } from "./sign-transaction.ts";
import { type Fate, isInHistory, readFate, type SignedTransaction } from "./transaction-fate.ts";

/** Options of `sendTransaction`. */
export interface SendOptions extends SignOptions {
  /** How often to sign in all, while no signed transaction has landed; 3 by default. */
  readonly attempts?: number;
  /** Milliseconds between looks at the transaction's status; 250 by default. */
  readonly pollInterval?: number;
  /** Called with each signature before it is sent: a caller can look it up after a crash. */
  readonly onSigned?: (signature: string) => Promise<void>;
  /** Milliseconds without any answer after which the fate is unknown; 20,000 by default. */
  readonly silenceLimit?: number;
}

/** Looks after which a transaction is submitted again, and after which its block is looked for. */
const LOOKS_UNTIL_RESEND = 8;
const LOOKS_UNTIL_HISTORY = 24;
/** Looks at a transaction that cannot land any more and was not found, until it is given up. */
const MOST_UNCLEAR_LOOKS = 5;

const CALL_LIMIT_MS = 10_000;
const SILENCE_LIMIT_MS = 20_000;
const SILENT_PAUSE_MS = 500;
/** A blockhash lives for about a minute. A node for which none ever expires stands still. */
const WAIT_LIMIT_MS = 180_000;

/**
 * Signs, sends and waits until the transaction is confirmed. The same signed transaction is
 * submitted again until its blockhash expires. Another one is signed only if the chain shows that
 * the first has not landed and never will (see transaction-fate.ts), so that nothing is paid twice.
 * @param signers the first pays the fee.
 * @returns the signature, base58.
 * @throws TransactionFailed if a program refuses; TransactionUnknown if the transaction may have
 * landed and the node does not say; PlenaryError `insufficient-funds` if the payer lacks SOL, and
 * `chain-unavailable` if the node cannot be asked or nothing landed.
 */
export async function sendTransaction(
  connection: Connection,
  instructions: readonly TransactionInstruction[],
  signers: readonly Signer[],
  options: SendOptions = {},
): Promise<string> {
  const attempts = options.attempts ?? 3;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const transaction = await signTransaction(connection, instructions, signers, options);
    await options.onSigned?.(transaction.signature);
    await submit(connection, transaction);
    if (await waitFor(connection, transaction, options)) return transaction.signature;
  }
  throw new PlenaryError(
    "chain-unavailable",
    "The transaction expired before the chain took it, and nothing was moved. The chain may be congested: try again later.",
    { attempts },
  );
}

/**
 * Hands the transaction to the node for the first time. Throws if the node has refused it; any
 * other failure leaves open whether the node has it, which the looks that follow find out.
 */
async function submit(connection: Connection, transaction: SignedTransaction): Promise<void> {
  try {
    await inTime(connection.sendRawTransaction(transaction.wire, SUBMISSION));
  } catch (cause) {
    if (!(cause instanceof SendTransactionError)) return;
    const { message } = cause.transactionError;
    // The node is behind, or has the transaction already: the same one is submitted again.
    if (/blockhash not found|already been processed/i.test(message)) return;
    if (/node is (behind|unhealthy)/i.test(message)) return unreachable(connection)(cause);
    // Only a simulation proves that nothing was sent, and its answer has logs, if only none. A
    // provider may forward the transaction and then fail, or refuse to be asked so often.
    if (cause.logs === undefined) return;
    const error = transactionFailed(message, cause.logs, cause);
    throw await explain(connection, transaction, error);
  }
}

const SUBMISSION = { preflightCommitment: "confirmed", maxRetries: 0 } as const;

/** Resolves to true when the transaction is confirmed, to false when it never can be. */
async function waitFor(
  connection: Connection,
  transaction: SignedTransaction,
  options: SendOptions,
): Promise<boolean> {
  const { pollInterval = 250, silenceLimit = SILENCE_LIMIT_MS, signal } = options;
  let [silent, waiting, unclear] = [0, 0, 0];
  for (let look = 1; ; look++) {
    const began = Date.now();
    const fate = await lookFor(connection, transaction, look);
    if (fate === "landed" || fate === "absent") return fate === "landed";
    if (fate === "unclear") unclear += 1;
    if (signal?.aborted) throw unknown(transaction, "the wait was ended");
    await pause(fate === "silent" ? Math.max(pollInterval, SILENT_PAUSE_MS) : pollInterval);
    // A computer that slept in between has not waited: it looks again before it gives up.
    const passed = Math.min(Date.now() - began, CALL_LIMIT_MS);
    silent = fate === "silent" ? silent + passed : 0;
    waiting += passed;
    if (silent > silenceLimit) throw unknown(transaction, "the node does not answer");
    if (unclear >= MOST_UNCLEAR_LOOKS || waiting > WAIT_LIMIT_MS)
      throw unknown(transaction, "the node does not show it");
  }
}

/** Looks at the transaction, and submits it again from time to time. `silent`: no answer. */
async function lookFor(
  connection: Connection,
  transaction: SignedTransaction,
  look: number,
): Promise<Fate | "silent"> {
  const { signature, wire } = transaction;
  try {
    const fate = await inTime(readFate(connection, transaction));
    if (fate !== "pending") return fate;
    if (look % LOOKS_UNTIL_HISTORY === 0 && (await inTime(isInHistory(connection, signature))))
      return "landed";
    if (look % LOOKS_UNTIL_RESEND === 0) await inTime(submitAgain(connection, wire));
    return "pending";
  } catch (error) {
    if (error instanceof TransactionFailed) throw await explain(connection, transaction, error);
    return "silent";
  }
}

/** What comes of it only the looks tell: it may meet its own success ("already processed"). */
async function submitAgain(connection: Connection, wire: Uint8Array): Promise<void> {
  await connection
    .sendRawTransaction(wire, { ...SUBMISSION, skipPreflight: true })
    .catch(() => undefined);
}

/** Says what the payer lacks where that is why the chain refused. */
async function explain(
  connection: Connection,
  { payer, lamports }: SignedTransaction,
  error: TransactionFailed,
): Promise<PlenaryError> {
  const missing = missingLamports(error.message, error.logs);
  if (missing === null) return error;
  const held = BigInt(lamports);
  const needed = await lamportsNeeded(connection, { signatures: 1 }).catch(() => null);
  if (needed === null) return error;
  const more = missing ?? (held < needed ? needed - held : needed);
  return insufficientLamports(payer.toBase58(), held, held + more, error);
}

function unknown({ signature }: SignedTransaction, reason: string): TransactionUnknown {
  return new TransactionUnknown(signature, reason);
}

function inTime<T>(call: Promise<T>): Promise<T> {
  return pTimeout(call, { milliseconds: CALL_LIMIT_MS });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
