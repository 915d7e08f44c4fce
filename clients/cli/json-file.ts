import { writeFile } from "node:fs/promises";
import { PlenaryError } from "@plenary/protocol";
import { fileError, readBytes } from "@plenary/sdk";

/** What a JSON file says; whoever calls checks its form. Throws `file-unreadable`, or `invalid-input` if it is no JSON. */
export async function readJson(path: string, what: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path, what));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlenaryError("invalid-input", `${path} is no JSON.`, { path }, { cause });
  }
}

/** Throws `file-unreadable` saying why it cannot be written. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`).catch((cause: unknown) => {
    throw fileError(path, "Cannot write", cause);
  });
}
