import { TrainingError } from "../errors.ts";
import { memoized } from "../predictors/memoized.ts";
import type { NewQuestion } from "../predictors/predictor.ts";
import type { Engine } from "../sessions/engine.ts";
import { bertGraph } from "./bert-graph.ts";
import {
  type EmbeddingModel,
  MINILM_HASHES,
  type ModelHashes,
  readModelFolder,
} from "./model-folder.ts";

/** Lengths of the graphs: a text runs on the shortest one that holds its tokens. */
const LENGTHS = [16, 32, 64, 128, 256];

/** A sentence encoder's folder, the hashes that its files must have, and the engine to run it. */
export interface TextEmbedderInput {
  /** Folder with config.json, model.safetensors and tokenizer.json. */
  readonly folder: string;
  readonly engine: Engine;
  /** all-MiniLM-L6-v2's unless given. */
  readonly hashes?: ModelHashes;
}

/** Turns texts into unit vectors, with a sentence encoder from a local folder. */
export interface TextEmbedder {
  readonly dimension: number;
  /** Texts are cut after 256 tokens. */
  embed(text: string): Promise<Float32Array>;
  /** Embeddings of "<question> <option>" for a question outside the questionnaire. */
  embedQuestion(question: {
    readonly text: string;
    readonly options: readonly string[];
  }): Promise<NewQuestion>;
}

/**
 * Opens the text embedder, pinned by its files' hashes: a federation's embeddings all come from one
 * model. Throws `embedding-model-missing` saying how to get it, or `embedding-model-invalid`.
 */
export async function openTextEmbedder(input: TextEmbedderInput): Promise<TextEmbedder> {
  const model = await readModelFolder(input.folder, input.hashes ?? MINILM_HASHES);
  const { hidden_size: dimension, max_position_embeddings: longest } = model.configuration;
  const lengths = [...LENGTHS.filter((length) => length < longest), Math.min(longest, 256)];
  const graph = memoized((length: number) => bertGraph(model.configuration, model.weights, length));
  const embed = async (text: string): Promise<Float32Array> => {
    const ids = tokenIds(model, text, lengths.at(-1)!);
    const length = lengths.find((candidate) => candidate >= ids.length)!;
    const session = await input.engine.load(graph(length));
    const { mean } = await session.run({
      tokens: tokenVectors(model, ids, length),
      mask: Float32Array.from({ length }, (_, position) => (position < ids.length ? 1 : 0)),
    });
    return unitVector(mean!);
  };
  return {
    dimension,
    embed,
    embedQuestion: async ({ text, options }) => {
      const embeddings = new Float32Array(options.length * dimension);
      for (const [index, option] of options.entries()) {
        embeddings.set(await embed(`${text} ${option}`), index * dimension);
      }
      return { options: options.length, embeddings };
    },
  };
}

/**
 * Token ids with the special ones. A text that is too long loses its end, but keeps the closing
 * token.
 */
export function tokenIds(
  { tokenizer }: Pick<EmbeddingModel, "tokenizer">,
  text: string,
  most: number,
): number[] {
  const { ids } = tokenizer.encode(text);
  return ids.length <= most ? ids : [...ids.slice(0, most - 1), ids.at(-1)!];
}

/** Sums of word, position and (first) type embeddings, [length, hidden]; padding is 0. */
function tokenVectors(
  { configuration, weights }: EmbeddingModel,
  ids: readonly number[],
  length: number,
): Float32Array {
  const { hidden_size: width } = configuration;
  const words = weights("embeddings.word_embeddings.weight");
  const positions = weights("embeddings.position_embeddings.weight");
  const types = weights("embeddings.token_type_embeddings.weight");
  const vectors = new Float32Array(length * width);
  ids.forEach((id, position) => {
    if (id >= words.shape[0]!) {
      throw new TrainingError(
        "embedding-model-invalid",
        `the tokenizer knows a word (${id}) that the model lacks`,
        { id },
      );
    }
    for (let i = 0; i < width; i += 1) {
      const word = words.values[id * width + i]!;
      vectors[position * width + i] =
        word + positions.values[position * width + i]! + types.values[i]!;
    }
  });
  return vectors;
}

function unitVector(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / Math.max(length, 1e-12));
}
