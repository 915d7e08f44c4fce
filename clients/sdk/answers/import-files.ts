import { createReadStream } from "node:fs";
import { fileError } from "../files/index.ts";
import { Importer, type ImportOptions, type ImportResult } from "../importing/index.ts";
import { openCsvTable, type Table, type TableOptions } from "../tables/index.ts";

/**
 * Imports files, each of them read once and piece by piece. Problems are in the result; throws
 * `file-unreadable` only.
 */
export async function importFiles(
  files: readonly string[],
  options: ImportOptions & TableOptions,
): Promise<ImportResult> {
  const importer = new Importer(options);
  for (const file of files) await importer.add(file, () => openTable(file, options));
  return importer.finish();
}

function openTable(file: string, options: TableOptions): Promise<Table> {
  return openCsvTable(bytesOf(file), options);
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file, { highWaterMark: 1 << 18 });
  } catch (cause) {
    throw fileError(file, "Cannot read the export", cause);
  }
}
