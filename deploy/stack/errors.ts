export type LocalStackErrorCode =
  | "home-in-use"
  | "home-unwritable"
  | "home-foreign"
  | "port-in-use"
  | "process-failed"
  | "database-unavailable"
  | "queue-unavailable"
  | "chain-unavailable"
  | "platform-unsupported"
  | "option-invalid"
  | "run-failed";

/**
 * A condition that the caller of `npm start` can mend: its message is printed without a stack.
 */
export class LocalStackError extends Error {
  readonly code: LocalStackErrorCode;
  readonly context: Readonly<Record<string, string | number>>;

  constructor(
    code: LocalStackErrorCode,
    message: string,
    context: Readonly<Record<string, string | number>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = "LocalStackError";
    this.code = code;
    this.context = context;
  }
}

/** The `code` of a system error ("ENOENT", ...), or "" for anything else. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : "";
}
