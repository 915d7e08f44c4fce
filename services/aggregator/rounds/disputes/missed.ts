import { PlenaryError } from "@plenary/protocol";
import type { LedgerEndedDispute } from "../../chain/ledger.ts";
import type { RoundRow } from "../../store/rounds.ts";
import { type Context, inTransaction } from "../context.ts";

/**
 * Writes down disputes of a round that came and went between two looks at the chain, so that they are told like any other. To be called once
 * a round can be disputed no more. Nothing depends on it but what people are told: without the chain it is left undone.
 */
export async function noteMissedDisputes(context: Context, round: RoundRow): Promise<void> {
  try {
    const known = await context.store.disputes.ofRound(round);
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

async function note(context: Context, round: RoundRow, dispute: LedgerEndedDispute): Promise<void> {
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
