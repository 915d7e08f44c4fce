import {
  decodeEmbeddings,
  PlenaryError,
  parseQuestionnaire,
  sha256,
  toHex,
} from "@plenary/protocol";
import { readBytes } from "../files/index.ts";
import { type Dataset, loadDataset } from "./dataset.ts";

/**
 * Loads a questionnaire without answers: `<path>.json` beside `<path>.emb.i8`, with or without the
 * ending. Of a data set only the questionnaire is taken. Throws `file-unreadable`, and
 * `invalid-input` naming the field, or if the embeddings are not those that the questionnaire
 * names.
 */
export async function loadQuestionnaire(
  path: string,
): Promise<Pick<Dataset, "questionnaire" | "embeddingBytes" | "embeddings">> {
  const stem = path.replace(/(\.json|\.emb\.i8)$/, "");
  const text = new TextDecoder().decode(await readBytes(`${stem}.json`, "the questionnaire"));
  const value = jsonOf(text, `${stem}.json`);
  if (isDataset(value)) return loadDataset(stem);
  const questionnaire = parseQuestionnaire(value);
  const embeddingBytes = await readBytes(`${stem}.emb.i8`, "the questionnaire's embeddings");
  const { blob } = questionnaire.embeddings;
  const actual = toHex(sha256(embeddingBytes));
  if (actual !== blob)
    throw new PlenaryError(
      "invalid-input",
      `${stem}.emb.i8 is not the file that the questionnaire names: its SHA-256 is ${actual}, not ${blob}. Make both with one run.`,
      { field: "embeddings.blob", expected: blob, actual },
    );
  return { questionnaire, embeddingBytes, embeddings: decodeEmbeddings(embeddingBytes) };
}

function isDataset(value: unknown): boolean {
  return typeof value === "object" && value !== null && "distributions" in value;
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlenaryError("invalid-input", `${path} is not valid JSON.`, { path }, { cause });
  }
}
