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
import { type QuestionText, questionTokens } from "./question-tokens.ts";
import { graphLengths, type PlannedBatch, planBatches } from "./text-batches.ts";

/** A sentence encoder's folder, the hashes that its files must have, and the engine to run it. */
export interface TextEmbedderInput {
  /** Folder with config.json, model.safetensors and tokenizer.json. */
  readonly folder: string;
  readonly engine: Engine;
  /** all-MiniLM-L6-v2's unless given. */
  readonly hashes?: ModelHashes;
}

export interface EmbedOptions {
  /** Called after each batch with the number of texts that are embedded, and of all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Turns texts into unit vectors, with a sentence encoder from a local folder. */
export interface TextEmbedder {
  readonly dimension: number;
  /** One text, which is cut after 256 tokens (or what the model takes, if that is less). */
  embed(text: string): Promise<Float32Array>;
  /**
   * Throws `invalid-input` naming the question if its embeddings would say nothing: see
   * `embedQuestions`. Runs no model.
   */
  check(question: QuestionText): void;
  /** `embedQuestions` for one question. */
  embedQuestion(question: QuestionText): Promise<NewQuestion>;
  /**
   * Embeddings of "<question> <option>" for each option of each question, in batches of texts of
   * about the same length. Of a text that is too long, the question loses its end and never the
   * option. Throws `invalid-input` naming the question that is empty or unknown to the model, or
   * that has an option which is, is too long, or is the same as another to the model; nothing is
   * embedded then.
   */
  embedQuestions(
    questions: readonly QuestionText[],
    options?: EmbedOptions,
  ): Promise<NewQuestion[]>;
}

/**
 * Opens the text embedder, pinned by its files' hashes: a federation's embeddings all come from one
 * model. Throws `embedding-model-missing` saying how to get it, or `embedding-model-invalid`.
 */
export async function openTextEmbedder(input: TextEmbedderInput): Promise<TextEmbedder> {
  const model = await readModelFolder(input.folder, input.hashes ?? MINILM_HASHES);
  const { hidden_size: dimension, max_position_embeddings: longest } = model.configuration;
  const lengths = graphLengths(longest);
  const most = lengths.at(-1)!;
  const run = batchRunner(model, input.engine);
  const embedAll = async (texts: readonly number[][], options: EmbedOptions = {}) => {
    const vectors = new Float32Array(texts.length * dimension);
    let done = 0;
    for (const batch of planBatches(
      texts.map(({ length }) => length),
      lengths,
    )) {
      if (options.signal?.aborted)
        throw new TrainingError("aborted", "embedding was stopped before its end", { done });
      const means = await run(batch, texts);
      for (const [row, position] of batch.positions.entries())
        vectors.set(
          unitVector(means.subarray(row * dimension, (row + 1) * dimension)),
          position * dimension,
        );
      done += batch.positions.length;
      options.onProgress?.(done, texts.length);
    }
    return vectors;
  };
  const embedQuestions: TextEmbedder["embedQuestions"] = async (questions, options) => {
    const tokens = questions.map((question) => questionTokens(model, question, most));
    const vectors = await embedAll(tokens.flat(), options);
    let row = 0;
    return questions.map((question) => {
      const from = row * dimension;
      row += question.options.length;
      return {
        options: question.options.length,
        embeddings: vectors.slice(from, row * dimension),
      };
    });
  };
  return {
    dimension,
    embed: (text) => embedAll([tokenIds(model, text, most)]),
    check: (question) => {
      questionTokens(model, question, most);
    },
    embedQuestion: async (question) => (await embedQuestions([question]))[0]!,
    embedQuestions,
  };
}

/** Runs batches; the graph of each form is built once. The result is [texts, hidden]. */
function batchRunner(model: EmbeddingModel, engine: Engine) {
  const graph = memoized((form: string) => {
    const [texts, length] = form.split("x").map(Number) as [number, number];
    return bertGraph(model.configuration, model.weights, { texts, length });
  });
  return async (batch: PlannedBatch, texts: readonly number[][]): Promise<Float32Array> => {
    const session = await engine.load(graph(`${batch.texts}x${batch.length}`));
    const rows = batch.texts * batch.length;
    const tokens = new Float32Array(rows * model.configuration.hidden_size);
    const mask = new Float32Array(rows);
    for (const [text, position] of batch.positions.entries()) {
      const ids = texts[position]!;
      setTokenVectors(model, ids, tokens, text * batch.length);
      mask.fill(1, text * batch.length, text * batch.length + ids.length);
    }
    const { mean } = await session.run({ tokens, mask });
    return mean!;
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

/**
 * Sets rows of `vectors` [rows, hidden] from `firstRow` on: the sums of word, position and (first)
 * type embeddings of one text.
 */
function setTokenVectors(
  { configuration, weights }: EmbeddingModel,
  ids: readonly number[],
  vectors: Float32Array,
  firstRow: number,
): void {
  const { hidden_size: width } = configuration;
  const words = weights("embeddings.word_embeddings.weight");
  const positions = weights("embeddings.position_embeddings.weight");
  const types = weights("embeddings.token_type_embeddings.weight");
  ids.forEach((id, position) => {
    if (id >= words.shape[0]!) {
      throw new TrainingError(
        "embedding-model-invalid",
        `the tokenizer knows a word (${id}) that the model lacks`,
        { id },
      );
    }
    const row = (firstRow + position) * width;
    for (let i = 0; i < width; i += 1) {
      const word = words.values[id * width + i]!;
      vectors[row + i] = word + positions.values[position * width + i]! + types.values[i]!;
    }
  });
}

function unitVector(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / Math.max(length, 1e-12));
}
