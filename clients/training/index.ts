export { type AlignmentReport, alignment } from "./alignment.ts";
export { type AuditFinding, type AuditInput, auditTraining } from "./audit-training.ts";
export { type Baselines, evaluateBaselines, measureTrainingMean } from "./baselines.ts";
export { checkPublicData, checkRegistrable, predictorOf } from "./check-federation.ts";
export {
  embeddingModelName,
  HOW_TO_GET_MINILM,
  hashModelFolder,
  MINILM,
  MINILM_HASHES,
  type ModelHashes,
  pinnedHashes,
} from "./embedder/model-folder.ts";
export type { QuestionText } from "./embedder/question-tokens.ts";
export {
  type EmbedOptions,
  openTextEmbedder,
  type TextEmbedder,
  type TextEmbedderInput,
} from "./embedder/text-embedder.ts";
export { TrainingError, type TrainingErrorCode } from "./errors.ts";
export { type EvaluateInput, evaluateModel } from "./evaluate.ts";
export { type ExportInput, exportOnnx, exportSafetensors } from "./export.ts";
export { growthProblem } from "./growth-problem.ts";
export { type HeldOutHalves, heldOutHalves } from "./held-out-halves.ts";
export {
  type Calibration,
  type CalibrationInput,
  calibrate,
  type Interval,
  type IntervalRule,
  intervalOf,
  intervalRules,
  ruleFor,
} from "./intervals.ts";
export { type MeasureInput, type ModelMeasures, measureModel } from "./measure-model.ts";
export type { Measures, Scores } from "./measures.ts";
export { optimizers } from "./optimizers/index.ts";
export type { OptimizerState } from "./optimizers/optimizer.ts";
export {
  type AskedGroup,
  type PredictGroupsInput,
  type PredictInput,
  type Prediction,
  predict,
  predictGroups,
} from "./predict.ts";
export { type PredictionRow, predictionCsv, rounded } from "./prediction-rows.ts";
export { createPredictor, type PredictorName, predictors } from "./predictors/index.ts";
export type { EmbeddingTable, NewQuestion, Predictor } from "./predictors/predictor.ts";
export { segmentDrift } from "./segment-drift.ts";
export type { Engine, EngineName } from "./sessions/engine.ts";
export { openEngine } from "./sessions/index.ts";
export {
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  parseTrainingSettings,
  type TrainingSettings,
} from "./settings.ts";
export {
  type CheckpointPlan,
  type TrainingProgress,
  type TrainRoundInput,
  type TrainRoundResult,
  type TrainSegmentInput,
  trainingWeight,
  trainRound,
  trainSegment,
} from "./train-round.ts";
export { canTrainOn, trainableGroups } from "./trainable-groups.ts";
export {
  checkpointsToShow,
  type ShownCheckpoint,
  type TrainingEvidence,
} from "./training-evidence.ts";
export { openTrainingWorker, type TrainingWorker } from "./training-worker.ts";
export { type UtilityInput, utility } from "./utility.ts";
