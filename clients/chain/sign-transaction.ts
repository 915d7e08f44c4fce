import { PlenaryError, toBase58 } from "@plenary/protocol";
import {
  ComputeBudgetProgram,
  type Connection,
  type Signer,
  Transaction,
  type TransactionInstruction,
} from "@solana/web3.js";
import { unreachable } from "./errors.ts";
import type { SignedTransaction } from "./transaction-fate.ts";

/** Price (micro-lamports a unit) and limit of compute units; by default the node decides. */
export interface SignOptions {
  /** Fee per compute unit in micro-lamports; none by default. */
  readonly computeUnitPrice?: number;
  readonly computeUnitLimit?: number;
  /** Ends the wait. If the transaction was sent by then, its fate is unknown. */
  readonly signal?: AbortSignal | undefined;
}

/** Blockhashes change with every block. */
const MOST_LOOKS = 50;
const PAUSE_MS = 200;

/**
 * Signs with the latest blockhash. Two equal transactions with one blockhash are one and the same,
 * so a transaction that was sent before is signed again as soon as there is another blockhash.
 */
export async function signTransaction(
  connection: Connection,
  instructions: readonly TransactionInstruction[],
  signers: readonly Signer[],
  options: SignOptions,
): Promise<SignedTransaction> {
  for (let look = 1; ; look++) {
    options.signal?.throwIfAborted();
    const transaction = await signOnce(connection, instructions, signers, options);
    const { signature } = transaction;
    const { value } = await connection
      .getSignatureStatuses([signature])
      .catch(unreachable(connection));
    if ((value[0] ?? null) === null) return transaction;
    if (look === MOST_LOOKS)
      throw new PlenaryError(
        "chain-unavailable",
        "The node keeps returning the same blockhash: check that it still follows the chain.",
        { endpoint: new URL(connection.rpcEndpoint).host, signature },
      );
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function signOnce(
  connection: Connection,
  instructions: readonly TransactionInstruction[],
  signers: readonly Signer[],
  { computeUnitLimit, computeUnitPrice }: SignOptions,
): Promise<SignedTransaction> {
  const [payer] = signers;
  if (payer === undefined)
    throw new PlenaryError("invalid-input", "A transaction needs a signer that pays its fee.");
  const [{ context, value }, lamports] = await Promise.all([
    connection.getLatestBlockhashAndContext("confirmed"),
    connection.getBalance(payer.publicKey, "confirmed"),
  ]).catch(unreachable(connection));
  const { blockhash } = value;
  const transaction = new Transaction({ feePayer: payer.publicKey, recentBlockhash: blockhash });
  if (computeUnitLimit !== undefined)
    transaction.add(ComputeBudgetProgram.setComputeUnitLimit({ units: computeUnitLimit }));
  if (computeUnitPrice !== undefined)
    transaction.add(ComputeBudgetProgram.setComputeUnitPrice({ microLamports: computeUnitPrice }));
  transaction.add(...instructions);
  transaction.sign(...signers);
  const wire = transaction.serialize();
  const signature = toBase58(transaction.signature ?? new Uint8Array());
  return { signature, wire, blockhash, slot: context.slot, payer: payer.publicKey, lamports };
}
