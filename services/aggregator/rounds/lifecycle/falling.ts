import { FALLING_ROUNDS, toBase58 } from "@plenary/protocol";
import type { RoundKey } from "../../store/rounds.ts";
import type { Context } from "../context.ts";

/**
 * How far below the chosen round's alignment a round still counts as about as good. Rounds of a
 * model that has settled differ by less.
 */
export const FALL_MARGIN = 0.003;

/** Tells the operator of a model that several rounds in a row have made worse. */
export async function warnOfFall(
  { store, log }: Context,
  { federation, number }: RoundKey,
): Promise<void> {
  const chosen = await store.rounds.chosen(federation, FALL_MARGIN);
  if (chosen === undefined || chosen.falling < FALLING_ROUNDS) return;
  log.warn(
    {
      federation: toBase58(federation),
      round: number.toString(),
      chosenRound: chosen.number.toString(),
      fallingRounds: chosen.falling,
    },
    "the model has fallen for several rounds",
  );
}
