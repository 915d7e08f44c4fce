import assert from "node:assert/strict";
import { openTable, type TableOptions } from "../../tables/index.ts";
import type { ImportOptions } from "../import-options.ts";
import { Importer, type ImportResult } from "../importer.ts";

async function* pieces(text: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function importText(
  text: string | Uint8Array,
  options: ImportOptions & TableOptions,
): Promise<ImportResult> {
  const importer = new Importer(options);
  await importer.add("export.csv", () => openTable(pieces(text), options));
  return importer.finish();
}

/** Group, question and counts of every cell, as one line each. */
export async function cells(
  text: string,
  options: ImportOptions & TableOptions,
): Promise<string[]> {
  const { answers, problems } = await importText(text, options);
  assert.deepEqual(problems, []);
  return (answers?.groups ?? []).flatMap(({ id, answers: given }) =>
    given.map(({ question, counts }) => `${id} ${question} ${counts.join(" ")}`),
  );
}

export async function asked(
  text: string,
  options: ImportOptions & TableOptions = {},
): Promise<string> {
  const { answers, problems } = await importText(text, { groupName: "all", ...options });
  assert.equal(answers, null);
  const [first] = problems;
  return `${first?.line} ${first?.column ?? "-"} ${first?.message} [${first?.remedy ?? "-"}]`;
}
