import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { importFiles } from "./import-files.ts";

const MEGABYTES = 16;
/** Megabytes of heap: the rows of the file would take several times that. */
const HEAP = 48;

test("a file that is larger than the memory is imported", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "plenary-import-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "export.csv");
  const answers = (row: number) =>
    Array.from({ length: 40 }, (_, q) => ((row + q) % 3 ? "y" : "n"));
  const rows = Array.from({ length: 12_000 }, (_, row) => `g${row % 5},${answers(row).join()}`);
  const block = `${rows.join("\n")}\n`;
  const header = ["g", ...answers(0).map((_, q) => `q${q}`)].join();
  const times = Math.ceil((MEGABYTES * 2 ** 20) / block.length);
  await writeFile(path, `${header}\n${block.repeat(times)}`);
  const module = fileURLToPath(new URL("./import-files.ts", import.meta.url));
  const program = `
    const { importFiles } = await import(${JSON.stringify(module)});
    const result = await importFiles([${JSON.stringify(path)}], { groupings: [["g"]] });
    console.log(JSON.stringify({ problems: result.problems, rows: result.summary.files[0]?.rows }));`;
  const options = [`--max-old-space-size=${HEAP}`, "--input-type=module", "--eval", program];
  const child = spawnSync(process.execPath, options, { encoding: "utf8" });
  assert.equal(child.status, 0, child.stderr);
  assert.deepEqual(JSON.parse(child.stdout), { problems: [], rows: rows.length * times });
});

test("questions of several files are one, and a problem names its file", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "plenary-import-"));
  t.after(() => rm(folder, { recursive: true }));
  const [first, second] = [join(folder, "w1.csv"), join(folder, "w2.csv")];
  await writeFile(first, "g,q\na,Yes\na,No\n");
  await writeFile(second, "g;q\na;Yes\nb;No\n");
  const { answers } = await importFiles([first, second], { groupings: [["g"]] });
  assert.deepEqual(
    answers?.groups.map(({ id, answers: given }) => [id, given[0]?.counts]),
    [
      ["a", [2, 1]],
      ["b", [0, 1]],
    ],
  );
  await writeFile(second, "g,q\na,\n");
  await writeFile(first, "g;q;r\na;Yes\n");
  const { problems } = await importFiles([second, first], { groupings: [["g"]] });
  assert.deepEqual(
    problems.map(({ file, line }) => [file, line]),
    [[first, 2]],
  );
});
