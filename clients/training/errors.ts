/** What went wrong in training, prediction or embedding; the message says what to do about it. */
export type TrainingErrorCode =
  | "aborted"
  | "answers-invalid"
  | "context-missing"
  | "embedding-model-invalid"
  | "embedding-model-missing"
  | "engine-mismatch"
  | "engine-unavailable"
  | "graph-invalid"
  | "model-mismatch"
  | "optimizer-state-invalid"
  | "predictor-unknown"
  | "questionnaire-invalid"
  | "settings-invalid"
  | "training-diverged"
  | "worker-failed";

export class TrainingError extends Error {
  readonly code: TrainingErrorCode;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(
    code: TrainingErrorCode,
    message: string,
    context: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TrainingError";
    this.code = code;
    this.context = context;
  }
}
