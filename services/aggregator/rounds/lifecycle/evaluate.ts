import type { RoundKey } from "../../store/rounds.ts";
import { type Context, inTransaction } from "../context.ts";
import { evaluatedConfiguration } from "../federations/questionnaire.ts";
import type { RoundTools } from "../round-tools.ts";
import { warnOfFall } from "./falling.ts";

/** Scores a round's next model on the federation's public held-out answers, for people to see. */
export async function evaluateRound(
  context: Context,
  { models, evaluator }: RoundTools,
  key: RoundKey,
): Promise<void> {
  const round = await context.store.rounds.find(key);
  const federation = await context.store.federations.find(key.federation);
  if (round === undefined || federation === undefined) return;
  if (round.computed === null || round.evaluation !== null) return;
  const model = await models.load(round.computed.nextBlob);
  const configuration = await evaluatedConfiguration(context, federation, round);
  const evaluation = await evaluator.alignment(configuration, model);
  if (evaluation === undefined) return;
  await inTransaction(context, async (store) => {
    await store.rounds.setEvaluation(key, evaluation);
    await store.events.append({
      federation: key.federation,
      type: "round-evaluated",
      round: key.number,
      at: context.clock.now(),
    });
  });
  await warnOfFall(context, key);
}
