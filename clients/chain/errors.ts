import { LangErrorMessage } from "@coral-xyz/anchor";
import { PlenaryError } from "@plenary/protocol";
import type { Connection, TransactionError } from "@solana/web3.js";
import { IDL } from "./generated/idl.ts";
import type { ProgramErrorName } from "./generated/structures.ts";
import { PROGRAM_ID } from "./program.ts";

/** A transaction that the chain refused. */
export class TransactionFailed extends PlenaryError {
  /** The error's name in the program, such as `RoundNotOpen`. Null if no program gave one. */
  readonly programError: string | null;
  readonly logs: readonly string[];

  constructor(
    programError: string | null,
    message: string,
    context: Record<string, string | number>,
    logs: readonly string[],
    cause?: unknown,
  ) {
    super(
      "transaction-failed",
      message,
      programError === null ? context : { ...context, programError },
      {
        cause,
      },
    );
    this.name = "TransactionFailed";
    this.programError = programError;
    this.logs = logs;
  }
}

/** Whether a transaction failed with this error of Plenary's program. */
export function isProgramError(error: unknown, name: ProgramErrorName): boolean {
  return error instanceof TransactionFailed && error.programError === name;
}

/**
 * A transaction that was sent, and of which nobody can say whether it took effect. Repeating what
 * it should do could do it twice.
 */
export class TransactionUnknown extends PlenaryError {
  /** Base58. */
  readonly signature: string;

  /** `reason` completes the sentence "It may have taken effect, but ...". */
  constructor(signature: string, reason: string) {
    super(
      "transaction-unknown",
      `The fate of the transaction is unknown: look at ${signature}. It was sent and may have taken effect, but ${reason}.`,
      { signature, reason },
    );
    this.name = "TransactionUnknown";
    this.signature = signature;
  }
}

/**
 * A handler for rejected RPC calls. It throws `chain-unavailable` with the endpoint's host. Errors
 * of this client pass unchanged.
 */
export function unreachable(connection: Connection): (cause: unknown) => never {
  return (cause) => {
    if (cause instanceof PlenaryError) throw cause;
    throw new PlenaryError(
      "chain-unavailable",
      "The Solana node did not answer as expected; check that it runs and that its URL is right.",
      { endpoint: new URL(connection.rpcEndpoint).host, reason: reasonOf(cause) },
      { cause },
    );
  };
}

/** The error of a refused transaction, with the name and the sentence of the program's error. */
export function transactionFailed(
  error: TransactionError | string,
  logs: readonly string[],
  cause?: unknown,
): TransactionFailed {
  const number = customNumber(error, logs);
  if (number === undefined) {
    const text = typeof error === "string" ? error : JSON.stringify(error);
    return new TransactionFailed(
      null,
      `The chain refused the transaction: ${text}`,
      { error: text },
      logs,
      cause,
    );
  }
  const program = failedProgram(logs) ?? PROGRAM_ID.toBase58();
  const known = nameOf(program, number, logs);
  return new TransactionFailed(
    known?.name ?? null,
    known?.sentence ?? `The program ${program} refused the transaction with its error ${number}.`,
    { program, number },
    logs,
    cause,
  );
}

function nameOf(
  program: string,
  number: number,
  logs: readonly string[],
): { name: string; sentence: string } | undefined {
  const own = IDL.errors?.find((error) => error.code === number);
  if (own !== undefined) return { name: own.name, sentence: own.msg ?? own.name };
  const lang = LangErrorMessage.get(number);
  if (lang !== undefined) {
    const line = logs.find((text) => text.includes("Error Code: "));
    return { name: line?.match(/Error Code: (\w+)/)?.[1] ?? `Anchor${number}`, sentence: lang };
  }
  if (program.startsWith("Token") && number === 1) {
    return { name: "InsufficientFunds", sentence: "The token account does not hold this amount." };
  }
  return undefined;
}

function customNumber(
  error: TransactionError | string,
  logs: readonly string[],
): number | undefined {
  if (
    typeof error === "object" &&
    "InstructionError" in error &&
    Array.isArray(error.InstructionError)
  ) {
    const detail: unknown = error.InstructionError[1];
    if (
      typeof detail === "object" &&
      detail !== null &&
      "Custom" in detail &&
      typeof detail.Custom === "number"
    )
      return detail.Custom;
  }
  const text = [...logs, typeof error === "string" ? error : ""].join("\n");
  const hex = text.match(/custom program error: 0x([0-9a-f]+)/)?.[1];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}

/** The innermost program that failed. Its line comes first. */
function failedProgram(logs: readonly string[]): string | undefined {
  for (const line of logs) {
    const program = line.match(/^Program (\w+) failed/)?.[1];
    if (program !== undefined) return program;
  }
  return undefined;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
