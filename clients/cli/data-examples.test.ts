/** The examples of docs/data.md, run as they are written there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const PAGE = readFileSync(new URL("../../docs/data.md", import.meta.url), "utf8");
const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "plenary-data-"));
after(() => rmSync(folder, { recursive: true }));

function plenary(args: readonly string[]) {
  const options = { cwd: folder, encoding: "utf8", env: { PATH: process.env.PATH } } as const;
  return spawnSync(process.execPath, [MAIN, ...args], options);
}

test("every example of docs/data.md gives what the page says", () => {
  let commands = 0;
  let results = 0;
  for (const [, kind = "", words = "", text = ""] of PAGE.matchAll(
    /^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm,
  )) {
    const [file = "", result] = words.split(" ");
    if (file === "") continue;
    if (kind === "sh")
      for (const line of text.trim().split("\n")) {
        const { status, stdout, stderr } = plenary(line.split(" ").slice(1));
        assert.equal(status, 0, `${line}\n${stdout}${stderr}`);
        commands += 1;
      }
    else if (result === "result") {
      assert.equal(readFileSync(join(folder, file), "utf8"), text, file);
      results += 1;
    } else writeFileSync(join(folder, file), text);
  }
  assert.deepEqual([commands, results], [3, 2]);
});

test("what the export does not say is asked for, and nothing is written", () => {
  writeFileSync(join(folder, "raw.csv"), "party,q,n\nLeft,1,30\nRight,2,40\n");
  const asked = plenary(["data", "import", "raw.csv", "--output", "raw-answers.csv"]);
  assert.equal(asked.status, 2);
  assert.match(asked.stdout, /raw.csv, line 1: Which groups .* --group COLUMN/);
  assert.match(asked.stdout, /line 1, column n: .* --count, --weight/);
  assert.throws(() => readFileSync(join(folder, "raw-answers.csv")));
  const codes = plenary([
    "data",
    "import",
    "raw.csv",
    "--group",
    "party",
    "--count",
    "n",
    "--json",
  ]);
  assert.equal(codes.status, 2);
  const { valid, problems } = JSON.parse(codes.stdout);
  assert.equal(valid, false);
  assert.deepEqual(
    [problems[0].line, problems[0].column, problems[0].remedy],
    [2, "q", "label-codes"],
  );
  const same = plenary(["data", "import", "raw.csv", "--output", "raw.csv"]);
  assert.equal(same.status, 2);
  assert.match(same.stderr, /is read from/);
});
