import { PlenaryError } from "@plenary/protocol";
import type { LedgerEndedDispute } from "../../chain/ledger.ts";
import type { Round } from "../../store/rounds.ts";
import { type Context, inTransaction } from "../context.ts";

/**
 * Writes down disputes of a round that were opened and ended between two looks at the chain, so
 * that they are told like any other. Call it once the round can no longer be disputed. Only what
 * people are told depends on it: while the chain does not answer, it is left out.
 */
export async function noteMissedDisputes(context: Context, round: Round): Promise<void> {
  try {
    const known = await context.store.disputes.ofRounds(round.federation, [round.number]);
    for (const dispute of await context.ledger.endedDisputes(round.federation, round.number))
      if (!known.some(({ ended_in }) => ended_in === dispute.ending.transaction))
        await note(context, round, dispute);
  } catch (error) {
    if (!(error instanceof PlenaryError) || error.code !== "chain-unavailable") throw error;
    context.log.warn(
      { round: round.number.toString(), err: error },
      "a settled round's disputes were not read from the chain: short ones are not listed",
    );
  }
}

async function note(context: Context, round: Round, dispute: LedgerEndedDispute): Promise<void> {
  const { address, openedAt, challenger, kind, index, deposit, ending } = dispute;
  const { federation, number } = round;
  await inTransaction(context, async (store) => {
    const isNew = await store.disputes.insert({
      address,
      opened_at: BigInt(openedAt),
      federation,
      round: number,
      challenger,
      kind,
      subject: BigInt(index),
      deposit,
      state: "ended",
      verdict: ending.verdict,
      fault: ending.fault,
      ended_in: ending.transaction,
    });
    if (!isNew) return;
    const at = context.clock.now();
    for (const type of ["dispute-opened", "dispute-resolved"] as const)
      await store.events.append({ federation, type, round: number, at });
  });
}
