import { PlenaryError, type Questionnaire } from "@plenary/protocol";
import { gpo } from "./gpo.ts";
import type { EmbeddingTable, Predictor } from "./predictor.ts";
import { tilt } from "./tilt.ts";

type PredictorFactory = (
  configuration: unknown,
  questionnaire: Questionnaire,
  embeddings: EmbeddingTable,
) => Predictor;

/** Predictors by the name that a federation's configuration gives. */
export const predictors = { tilt, gpo } as const satisfies Record<string, PredictorFactory>;
/** Names of the predictors that come with Plenary. */
export type PredictorName = keyof typeof predictors;

/**
 * The predictor of a federation's configuration. Throws `invalid-input` when its name or a field of
 * its configuration is wrong, and when the embeddings do not belong to the questionnaire.
 */
export function createPredictor(
  configuration: { readonly name: string },
  questionnaire: Questionnaire,
  embeddings: EmbeddingTable,
): Predictor {
  const factory = Object.hasOwn(predictors, configuration.name)
    ? predictors[configuration.name as PredictorName]
    : undefined;
  if (factory === undefined) {
    const names = Object.keys(predictors).join(", ");
    throw new PlenaryError(
      "invalid-input",
      `Configuration: predictor.name ${configuration.name} is unknown; choose one of ${names}.`,
      { field: "predictor.name" },
    );
  }
  const options = questionnaire.questions.reduce(
    (total, question) => total + question.options.length,
    0,
  );
  if (embeddings.count !== options || embeddings.dimension !== questionnaire.embeddings.dimension) {
    throw new PlenaryError(
      "invalid-input",
      `The questionnaire has ${options} options of dimension ${questionnaire.embeddings.dimension}, its embeddings file ${embeddings.count} of ${embeddings.dimension}.`,
      { options, rows: embeddings.count },
    );
  }
  return factory(configuration, questionnaire, embeddings);
}
