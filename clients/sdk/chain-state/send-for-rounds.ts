import { sendTransaction } from "@plenary/chain";
import type { Connection, Keypair, TransactionInstruction } from "@solana/web3.js";
import type { ChainOptions } from "./federation-account.ts";

/** This many rounds fit into a transaction with room to spare. */
const ROUNDS_PER_TRANSACTION = 8;

/**
 * Sends the instructions of each round in order, several rounds in a transaction. Resolves to the
 * signatures. Throws the errors of `sendTransaction`.
 */
export async function sendForRounds(
  connection: Connection,
  payer: Keypair,
  rounds: readonly (readonly TransactionInstruction[])[],
  { signal }: ChainOptions,
): Promise<string[]> {
  const transactions: string[] = [];
  for (let start = 0; start < rounds.length; start += ROUNDS_PER_TRANSACTION) {
    const instructions = rounds.slice(start, start + ROUNDS_PER_TRANSACTION).flat();
    transactions.push(await sendTransaction(connection, instructions, [payer], { signal }));
  }
  return transactions;
}
