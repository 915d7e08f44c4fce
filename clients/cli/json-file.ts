import { PlenaryError } from "@plenary/protocol";
import { readBytes, writeDurably } from "@plenary/sdk";

/**
 * Reads a JSON file, whose form the caller checks. Throws `file-unreadable`, or `invalid-input` for
 * malformed JSON.
 */
export async function readJson(path: string, what: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(path, what));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlenaryError("invalid-input", `${path} is not valid JSON.`, { path }, { cause });
  }
}

/**
 * Writes a file that everyone may read. Throws `file-unreadable`, saying why it cannot be written.
 */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeDurably(path, `${JSON.stringify(value, null, 2)}\n`, 0o644);
}
