import { type ErrorCode, PlenaryError } from "@plenary/protocol";
import { TrainingError } from "@plenary/training";

/** What the process's exit code means; docs/joining.md lists them. */
export const EXIT = {
  done: 0,
  /** An unforeseen error. */
  unexpected: 1,
  /** Wrong options, settings, keys or data: change them. */
  input: 2,
  /** Service or chain cannot be reached: try again later. */
  unreachable: 3,
  /** Service or program refused: the message says why. */
  refused: 4,
  /** A check failed. */
  verification: 5,
  /** A transaction may have taken effect: look it up before the command is repeated. */
  unknown: 6,
  interrupted: 130,
  /** As a shell reports a command that SIGPIPE ended. */
  unread: 141,
} as const;

const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: "done",
  unexpected: "unexpected error",
  input: "wrong options, keys or data",
  unreachable: "service or chain out of reach",
  refused: "refused by service or program",
  verification: "verification failed",
  unknown: "unknown whether a transaction took effect",
  interrupted: "interrupted",
  unread: "ended because the reader of the output left",
};

/** The exit codes as help prints them, one a line. */
export function exitCodesText(): string {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  const lines = names.map((name) => `  ${String(EXIT[name]).padEnd(3)}  ${MEANINGS[name]}`);
  return ["Exit codes:", ...lines].join("\n");
}

const INPUT: readonly ErrorCode[] = [
  "invalid-input",
  "answers-invalid",
  "file-unreadable",
  "file-permissions",
  "not-found",
  "insufficient-funds",
];

/** Exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof PlenaryError) {
    if (INPUT.includes(error.code)) return EXIT.input;
    if (
      error.code.endsWith("-unavailable") ||
      ["rate-limited", "shutting-down"].includes(error.code)
    )
      return EXIT.unreachable;
    if (error.code === "verification-failed") return EXIT.verification;
    if (error.code === "transaction-unknown") return EXIT.unknown;
    return error.code === "internal" ? EXIT.unexpected : EXIT.refused;
  }
  if (error instanceof TrainingError) return EXIT.input;
  return isAbort(error) ? EXIT.interrupted : EXIT.unexpected;
}

/** Whether an error is the answer to Ctrl-C. */
export function isAbort(error: unknown): boolean {
  return (
    (error instanceof Error && error.name === "AbortError") ||
    (error instanceof TrainingError && error.code === "aborted")
  );
}
