import {
  readRound,
  roundAddress,
  roundFinalize,
  roundVoid,
  TransactionFailed,
} from "@plenary/chain";
import type { Keypair, TransactionInstruction } from "@solana/web3.js";
import type { ChainAccess } from "./federation-account.ts";
import { sendForRounds } from "./send-for-rounds.ts";

/**
 * Finalizes rounds whose challenge windows have ended, and voids rounds that were not committed in
 * time. Anyone may: members who want their money out need not wait for a service that is gone. Does
 * nothing and resolves to false unless all rounds, oldest first, are due at `now` (Unix seconds on
 * the chain's clock).
 */
export async function settleRounds(
  context: ChainAccess,
  payer: Keypair,
  numbers: readonly bigint[],
  now: bigint,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const due = await settlements(context, numbers, now);
  if (due === null) return false;
  try {
    await sendForRounds(context.connection, payer, due, { signal });
  } catch (error) {
    if (!(error instanceof TransactionFailed)) throw error;
    // The service does the same, and may have been faster.
    if ((await settlements(context, numbers, now))?.length !== 0) throw error;
  }
  return true;
}

/** Instructions for each round that is neither final nor void; null if one of them is not due. */
async function settlements(
  { connection, program, address: federation }: ChainAccess,
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
