/**
 * An error of everything but training, which has a TrainingError of its own (clients/training).
 * `code` is stable and machine-readable: the service's answers and the command's exit codes follow
 * from it. `context` holds the values that a person needs to act, `cause` the underlying error. The
 * message says in one or two sentences what happened and what to do.
 */
export class PlenaryError extends Error {
  readonly code: ErrorCode;
  readonly context: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ErrorCode,
    message: string,
    context: Readonly<Record<string, string | number | boolean>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = "PlenaryError";
    this.code = code;
    this.context = context;
  }
}

/**
 * The codes, each with the HTTP status of the service's answer when it refuses a request for that
 * reason.
 */
export const ERROR_STATUS = {
  "invalid-input": 400,
  "malformed-envelope": 400,
  "payload-truncated": 400,
  "payload-hash-mismatch": 400,
  "signature-invalid": 401,
  "request-expired": 401,
  "request-replayed": 409,
  "not-authority": 403,
  "member-unknown": 403,
  "member-inactive": 403,
  "wrong-chain": 409,
  "wrong-round": 409,
  "base-stale": 409,
  "sequence-stale": 409,
  equivocation: 409,
  "round-closed": 409,
  conflict: 409,
  "not-found": 404,
  "payload-too-large": 413,
  "content-encoding-refused": 415,
  "content-type-refused": 415,
  "codec-refused": 422,
  "weight-out-of-range": 422,
  "checkpoints-missing": 422,
  "configuration-mismatch": 422,
  "range-not-satisfiable": 416,
  "rate-limited": 429,
  "storage-full": 507,
  "database-unavailable": 503,
  "queue-unavailable": 503,
  "chain-unavailable": 503,
  "shutting-down": 503,
  internal: 500,
  "codec-malformed": 422,
  "round-inconsistent": 500,
  "file-unreadable": 400,
  "file-permissions": 400,
  "answers-invalid": 400,
  "service-unavailable": 503,
  "verification-failed": 409,
  "transaction-failed": 409,
  "transaction-unknown": 503,
  "insufficient-funds": 402,
} as const satisfies Record<string, number>;

/** Codes of `PlenaryError`. They are part of the REST API and do not change. */
export type ErrorCode = keyof typeof ERROR_STATUS;

/** Whether `value` is a known error code: for codes that came over the wire. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERROR_STATUS, value);
}
