import { createAlgorithms, type Registries } from "@plenary/algorithms";
import {
  type AnswerSet,
  checkGroupNames,
  checkQuestionnaireNames,
  type Embeddings,
  type FederationConfiguration,
  PlenaryError,
  type Questionnaire,
  requirePrintable,
} from "@plenary/protocol";
import { createPredictor } from "./predictors/index.ts";
import type { Predictor } from "./predictors/predictor.ts";
import { parseTrainingSettings } from "./settings.ts";

/*
 * What a service refuses about a federation before its first round. Founders run the same checks
 * before anything is paid.
 */

/**
 * Checks a configuration by itself: that its texts can be printed, that the registries know every
 * plug-in and its parameters, and that audited training can be repeated. Throws `invalid-input`
 * naming the field.
 */
export function checkRegistrable(
  configuration: FederationConfiguration,
  registries: Registries,
): void {
  requirePrintable(configuration, "configuration");
  createAlgorithms(configuration, registries);
  if (configuration.audits !== undefined) parseTrainingSettings(configuration.training);
}

/**
 * The predictor that a configuration names, for its questionnaire. Throws `invalid-input`, and
 * `configuration-mismatch` if the number of parameters is not the configuration's.
 */
export function predictorOf(
  configuration: FederationConfiguration,
  questionnaire: Questionnaire,
  embeddings: Embeddings,
): Predictor {
  const predictor = createPredictor(configuration.predictor, questionnaire, embeddings);
  if (predictor.parameterCount === configuration.parameterCount) return predictor;
  throw new PlenaryError(
    "configuration-mismatch",
    `The predictor has ${predictor.parameterCount} parameters, but the configuration says ${configuration.parameterCount}.`,
    { expected: predictor.parameterCount, actual: configuration.parameterCount },
  );
}

/**
 * Checks what everybody will read: that questions, options and groups have names that nobody
 * confuses, and that models can be evaluated on each set of held-out answers. Throws
 * `invalid-input`.
 */
export function checkPublicData(questionnaire: Questionnaire, heldOut: readonly AnswerSet[]): void {
  checkQuestionnaireNames(questionnaire);
  for (const answers of heldOut) {
    checkGroupNames(answers);
    checkEvaluable(answers);
  }
}

/** Half of a group's answers are shown to the predictor, and the rest is asked for. */
function checkEvaluable(answers: AnswerSet): void {
  if (answers.groups.some((group) => group.answers.length >= 2)) return;
  const groups = answers.groups.length;
  throw new PlenaryError(
    "invalid-input",
    `None of the ${groups} held-out groups answers two questions or more, which evaluation needs: one to show and one to ask. Hold out groups with more answers, 20 or more for steady scores.`,
    { field: "heldOut", groups },
  );
}
