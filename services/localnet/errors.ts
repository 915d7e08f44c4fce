/** What can keep the node from starting or running, with the process's exit code for each. */
export const EXIT_CODES = {
  "configuration-invalid": 2,
  "ledger-in-use": 3,
  "ledger-unwritable": 4,
  "port-in-use": 5,
  "ledger-damaged": 6,
  "program-unreadable": 7,
  "ledger-write-failed": 8,
} as const satisfies Record<string, number>;

export type LocalnetErrorCode = keyof typeof EXIT_CODES;

/** A condition that the operator can act on. The message says what happened and what to do. */
export class LocalnetError extends Error {
  readonly code: LocalnetErrorCode;
  readonly context: Readonly<Record<string, string | number>>;

  constructor(
    code: LocalnetErrorCode,
    message: string,
    context: Readonly<Record<string, string | number>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = "LocalnetError";
    this.code = code;
    this.context = context;
  }
}

/**
 * The `code` of a system error (`ENOENT`, `EADDRINUSE`, ...), or `undefined` for any other value.
 */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
