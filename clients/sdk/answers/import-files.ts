import { createReadStream } from "node:fs";
import { fileError } from "../files/index.ts";
import { Importer, type ImportOptions, type ImportResult } from "../importing/index.ts";
import { openTable, type TableOptions } from "../tables/index.ts";

/**
 * Imports files, each of them read once and piece by piece. Problems are in the result; throws
 * `file-unreadable` only.
 */
export async function importFiles(
  files: readonly string[],
  options: ImportOptions & TableOptions,
): Promise<ImportResult> {
  const importer = new Importer(options);
  for (const file of files) await importer.add(file, () => openTable(bytesOf(file), options));
  return importer.finish();
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: 1 << 16 });
  } catch (cause) {
    throw fileError(file, "Cannot read the export", cause);
  }
}
