/** The examples of docs/extending.md compile, and pass the compliance suites. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { aggregators, CUSTOM_RULE, codecs, rulesOf, strategies } from "@plenary/algorithms";
import { loadDataset } from "@plenary/sdk";
import { blobStoreSuite } from "../services/aggregator/store/blobs/testing/blob-store-suite.ts";
import { aggregatorCompliance } from "./compliance/aggregator.ts";
import { codecCompliance } from "./compliance/codec.ts";
import { strategyCompliance } from "./compliance/strategy.ts";

const ROOT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "plenary-extending-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const files = writeExamples();
const example = async (file: string) => import(join(folder, file));

const { serverRate } = await example("server-rate.ts");
const { median } = await example("median.ts");
const { int16 } = await example("int16.ts");
const { residual } = await example("residual.ts");
const { memoryBlobStore } = await example("memory.ts");

for (const rate of [1, 40_000, 65_536])
  strategyCompliance(named("server-rate", { rate }), { ...strategies, "server-rate": serverRate });
aggregatorCompliance({ name: "median" }, { ...aggregators, median });
codecCompliance({ name: "int16" }, { ...codecs, int16 });
blobStoreSuite("of the example", async () => memoryBlobStore());

function named(name: string, parameters: Record<string, number>): { readonly name: string } {
  return { name, ...parameters };
}

describe("docs/extending.md", () => {
  test("its examples compile as the sources do", () => {
    const project = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: { typeRoots: [join(ROOT, "node_modules/@types")] },
      include: [],
      files,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
    assert.equal(stdout, "");
  });

  test("a step that keeps what compression loses adds it to the next update", () => {
    const step = residual.create({ name: "residual" });
    const halves = (delta: Int32Array) => delta.map((entry) => Math.trunc(entry / 2));
    const first = { delta: Int32Array.of(10, -7), state: step.init(2), received: halves };
    const { delta, state } = step.apply(first);
    assert.deepEqual(delta, Int32Array.of(10, -7));
    assert.deepEqual(state, [Int32Array.of(5, -4)]);
    assert.deepEqual(step.apply({ ...first, state }).delta, Int32Array.of(15, -11));
  });

  test("registries with them plan a federation whose configuration names all four", async () => {
    const { registries } = await example("registries.ts");
    const { planWith } = await example("found.ts");
    const { configuration } = planWith(await loadDataset("gss"));
    const { aggregator, strategy } = rulesOf(configuration, registries);
    assert.deepEqual([aggregator, strategy], [CUSTOM_RULE, CUSTOM_RULE]);
    assert.deepEqual(configuration.codecs, [{ name: "int16" }]);
    assert.deepEqual(configuration.pipeline, [{ name: "residual" }]);
  });
});

/** Writes each block that begins with its file's name; answers the names. */
function writeExamples(): readonly string[] {
  const page = readFileSync(join(ROOT, "docs/extending.md"), "utf8");
  const blobs = join(ROOT, "services/aggregator/store/blobs/blob-store.ts");
  const names = [...page.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(
    ([, name = "", text = ""]) => {
      writeFileSync(join(folder, name), text.replace('"./blob-store.ts"', JSON.stringify(blobs)));
      return name;
    },
  );
  assert.ok(names.length >= 10);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
  return names;
}
