import { readRound, roundAddress, roundFinalize, roundVoid, sendTransaction } from "@plenary/chain";
import type { Keypair, TransactionInstruction } from "@solana/web3.js";
import type { OnChain } from "../federation-account.ts";

/** So many fit into a transaction with room to spare. */
const ROUNDS_PER_TRANSACTION = 8;

/**
 * Makes rounds final whose windows are over, and void what was not committed in time: anyone may, and a member whose stake waits for them
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
  const found = await Promise.all(numbers.map((number) => settlement(context, number, now)));
  const due = found.filter((instructions) => instructions !== null);
  if (due.length < found.length) return false;
  for (let start = 0; start < due.length; start += ROUNDS_PER_TRANSACTION) {
    const instructions = due.slice(start, start + ROUNDS_PER_TRANSACTION).flat();
    await sendTransaction(context.connection, instructions, [payer], signal ? { signal } : {});
  }
  return true;
}

/** Null while the round is not due. */
async function settlement(
  { connection, program, address: federation }: OnChain,
  number: bigint,
  now: bigint,
): Promise<TransactionInstruction[] | null> {
  const round = await readRound(connection, roundAddress(program, federation, number));
  if (round?.status === "committed" && round.openDisputes === 0 && now >= round.challengeEndsAt)
    return roundFinalize(program, { federation, number });
  if (round?.status === "open" && now > round.commitBy) return roundVoid(program, { federation, number });
  return null;
}
