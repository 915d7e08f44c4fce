import { TrainingError } from "./errors.ts";
import type { Predictor } from "./predictors/predictor.ts";

/** Throws `model-mismatch` for a model of another configuration. */
export function requireModelLength(predictor: Predictor, model: Int32Array): void {
  if (model.length === predictor.parameterCount) return;
  throw new TrainingError(
    "model-mismatch",
    `the model has ${model.length} parameters, the ${predictor.configuration.name} predictor ${predictor.parameterCount}: they belong to different configurations`,
    { expected: predictor.parameterCount, actual: model.length },
  );
}
