/** The reasons for which training, prediction or embedding fails. The message says what to do. */
const CODES = [
  "aborted",
  "answers-invalid",
  "context-missing",
  "embedding-model-invalid",
  "embedding-model-missing",
  "engine-mismatch",
  "engine-unavailable",
  "graph-invalid",
  "model-mismatch",
  "optimizer-state-invalid",
  "training-diverged",
  "worker-failed",
] as const;
/** Codes of `TrainingError`. */
export type TrainingErrorCode = (typeof CODES)[number];

/** Whether a code, read from another thread, is one of training's. */
export function isTrainingErrorCode(code: string): code is TrainingErrorCode {
  return CODES.some((known) => known === code);
}

/**
 * Why training, evaluation or prediction cannot run: a stable code, a message, and what it is
 * about.
 */
export class TrainingError extends Error {
  readonly code: TrainingErrorCode;
  readonly context: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: TrainingErrorCode,
    message: string,
    context: Readonly<Record<string, string | number | boolean>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TrainingError";
    this.code = code;
    this.context = context;
  }
}
