import { ENDPOINTS, PlenaryError } from "@plenary/protocol";
import { readFederationView } from "../access/index.ts";
import type { ParticipationSession } from "./participation.ts";

type Told = Pick<ParticipationSession, "context" | "options" | "emit">;

/** Rounds that are looked at: the newest evaluated one is among the last few. */
const RECENT_ROUNDS = 3;

/**
 * Emits the newest evaluation that has not been told yet. It is news only: what goes wrong with it
 * is left out, and never disturbs training.
 */
export function evaluationNews(): (session: Told) => Promise<void> {
  let last: string | null = null;
  return async ({ context, options, emit }) => {
    const { signal } = options;
    try {
      const { rounds } = await context.client.call(ENDPOINTS.roundList, {
        params: { federation: context.address.toBase58() },
        query: { limit: RECENT_ROUNDS },
        signal,
      });
      const newest = rounds.find(
        ({ state, evaluation }) =>
          evaluation !== null && (state === "committed" || state === "final"),
      );
      if (newest === undefined || newest.evaluation === null || newest.number === last) return;
      const { chosenRound, fallingRounds } = await readFederationView(context, signal);
      last = newest.number;
      emit({
        type: "evaluated",
        round: BigInt(newest.number),
        evaluation: newest.evaluation,
        chosenRound: chosenRound === null ? null : BigInt(chosenRound),
        fallingRounds,
      });
    } catch (error) {
      if (!(error instanceof PlenaryError)) throw error;
    }
  };
}
