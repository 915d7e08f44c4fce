import { readFile } from "node:fs/promises";
import { PlenaryError } from "@plenary/protocol";

/**
 * Reads a file; `what` completes "Cannot read ...". Throws `file-unreadable` with path and reason.
 */
export async function readBytes(path: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileError(path, `Cannot read ${what}`, cause);
  }
}

/** A `file-unreadable` error that says in plain words why the system refused. */
export function fileError(path: string, what: string, cause: unknown): PlenaryError {
  const code = systemCode(cause) ?? "unknown";
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "it is a folder, not a file",
    EACCES: "this user has no access to it",
    EPERM: "this user has no access to it",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    EDQUOT: "this user's disk quota is used up",
    EFBIG: "it would exceed the size that a file may have here",
    EEXIST: "it exists already",
  };
  const message = `${what}: ${path} (${reasons[code] ?? code}).`;
  return new PlenaryError("file-unreadable", message, { path, reason: code }, { cause });
}

/** `code` of a system error, for example `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
