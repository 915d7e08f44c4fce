import type { PredictionResponse, Questionnaire } from "@plenary/protocol";
import type { PredictionRow } from "@plenary/training";

/** An answer's shares as rows. A new question's options have numbers from 0 instead of texts. */
export function* predictionRows(
  { groups }: PredictionResponse,
  { questions }: Pick<Questionnaire, "questions">,
): Generator<PredictionRow> {
  const texts = new Map(questions.map(({ id, options }) => [id, options]));
  for (const { id, predictions } of groups)
    for (const { question, kind, shares, low, high } of predictions)
      for (const [option, share] of shares.entries())
        yield {
          group: id,
          question,
          kind,
          option: texts.get(question)?.[option] ?? String(option),
          share,
          low: low?.[option] ?? null,
          high: high?.[option] ?? null,
        };
}
