export { type HeldOut, readHeldOut } from "./held-out.ts";
export {
  type GroupPrediction,
  type NewText,
  type OptionPrediction,
  type PredictAnswers,
  type Predictions,
  predictAnswers,
  type QuestionPrediction,
} from "./predict.ts";
export {
  exportModel,
  MODEL_FORMATS,
  type ModelFormat,
  type ReadModel,
  readModel,
  type WhichModel,
} from "./read-model.ts";
