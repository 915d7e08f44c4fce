import { LocalnetError, systemErrorCode } from "../errors.ts";

/** Runs an action on the ledger's folder; a system error in it becomes `ledger-unwritable`. */
export function guardAccess<T>(folder: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === undefined || cause instanceof LocalnetError) throw cause;
    throw new LocalnetError(
      "ledger-unwritable",
      `The ledger folder ${folder} cannot be used (${code}): give this user read and write access to it, or set PLENARY_LOCALNET_LEDGER to another folder.`,
      { folder, reason: code },
      { cause },
    );
  }
}

export function damaged(path: string, problem: string): LocalnetError {
  return new LocalnetError(
    "ledger-damaged",
    `${path} is damaged (${problem}): restore it from a copy, or remove the ledger folder to begin a new chain.`,
    { path },
  );
}
