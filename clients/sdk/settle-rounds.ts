import {
  readRound,
  roundAddress,
  roundFinalize,
  roundVoid,
  sendTransaction,
  TransactionFailed,
} from "@plenary/chain";
import type { Keypair, TransactionInstruction } from "@solana/web3.js";
import type { OnChain } from "./federation-account.ts";

/** So many fit into a transaction with room to spare. */
const ROUNDS_PER_TRANSACTION = 8;

/**
 * Makes rounds final whose windows are over, and void what was not committed in time: anyone may, and who waits for them to take money home
 * need not wait for a service that is gone. Does nothing and resolves to false unless all of them, oldest first, are due at `now` (Unix
 * seconds, the chain's).
 */
export async function settleRounds(
  context: OnChain,
  payer: Keypair,
  numbers: readonly bigint[],
  now: bigint,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const due = await settlements(context, numbers, now);
  if (due === null) return false;
  for (let start = 0; start < due.length; start += ROUNDS_PER_TRANSACTION) {
    const instructions = due.slice(start, start + ROUNDS_PER_TRANSACTION).flat();
    try {
      await sendTransaction(context.connection, instructions, [payer], { signal });
    } catch (error) {
      if (!(error instanceof TransactionFailed)) throw error;
      // The service does the same, and may have been first.
      if ((await settlements(context, numbers, now))?.length !== 0) throw error;
      return true;
    }
  }
  return true;
}

/** Instructions for each round that is not final or void; null if one of them is not due. */
async function settlements(
  { connection, program, address: federation }: OnChain,
  numbers: readonly bigint[],
  now: bigint,
): Promise<TransactionInstruction[][] | null> {
  const due: TransactionInstruction[][] = [];
  for (const number of numbers) {
    const round = await readRound(connection, roundAddress(program, federation, number));
    if (round?.status === "committed" && round.openDisputes === 0 && now >= round.challengeEndsAt)
      due.push(roundFinalize(program, { federation, number }));
    else if (round?.status === "open" && now > round.commitBy)
      due.push(roundVoid(program, { federation, number }));
    else if (round?.status === "open" || round?.status === "committed") return null;
  }
  return due;
}
