import { open } from "node:fs/promises";
import { PlenaryError } from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import type { Remedy } from "../remedy.ts";
import { createPrivately } from "./durable-file.ts";
import { fileError } from "./files.ts";

/*
 * Solana's keypair files: a JSON array of 64 byte values, the seed followed by the public key.
 * Anyone who can read the file owns the stake and the rewards, so a file that others can read is
 * refused, not just warned about.
 */

const OTHERS = 0o077;

/**
 * Reads a Solana keypair file. Throws `file-unreadable`; `file-permissions` if group or others have
 * access to it; `invalid-input` if it is malformed, has another length, or its public half does not
 * belong to its seed.
 */
export async function readKeypair(path: string): Promise<Keypair> {
  const file = await open(path, "r").catch((cause: unknown) => {
    throw fileError(path, "Cannot read the keypair file", cause);
  });
  try {
    // The mode of the open file, so that the file cannot be exchanged between check and read.
    const { mode } = await file.stat();
    if (process.platform !== "win32" && (mode & OTHERS) !== 0)
      throw new PlenaryError(
        "file-permissions",
        `The keypair file ${path} can be read or changed by other users (mode ${(mode & 0o777).toString(8)}). Run: chmod 600 ${path}`,
        { path, mode: (mode & 0o777).toString(8) },
      );
    return parseKeypair(await file.readFile("utf8"), path);
  } catch (cause) {
    throw cause instanceof PlenaryError
      ? cause
      : fileError(path, "Cannot read the keypair file", cause);
  } finally {
    await file.close();
  }
}

/**
 * Makes a keypair and stores it, readable by its owner only. Throws `file-unreadable` if the file
 * exists: keys are never overwritten.
 */
export async function createKeypair(
  path: string,
  keypair: Keypair = Keypair.generate(),
): Promise<Keypair> {
  await createPrivately(path, `${JSON.stringify(Array.from(keypair.secretKey))}\n`);
  return keypair;
}

function parseKeypair(text: string, path: string): Keypair {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The cause would quote the secret.
    throw malformed(path, "it is not valid JSON");
  }
  if (!Array.isArray(value)) throw malformed(path, "it is not a JSON array");
  if (value.length !== 64) throw malformed(path, `it has ${value.length} entries, not 64`);
  if (!value.every(isByte)) throw malformed(path, "an entry is not a byte (0 to 255)");
  try {
    return Keypair.fromSecretKey(Uint8Array.from(value));
  } catch {
    throw malformed(path, "its public key does not belong to its secret key");
  }
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}

function malformed(path: string, problem: string): PlenaryError {
  return new PlenaryError("invalid-input", `${path} is not a Solana keypair file: ${problem}.`, {
    path,
    remedy: "make-keypair" satisfies Remedy,
  });
}
