export {
  type GroupPrediction,
  type NewText,
  type PredictAnswers,
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
