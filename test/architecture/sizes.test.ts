/** How long a file may be, and how many files a folder may hold at its own level. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { ROOT, SOURCES } from "./sources.ts";

const LARGEST = 300;
const MEDIAN = 110;

/** Folders that grew too wide to be read, with the files that each may hold at its own level. */
const WIDTHS: Readonly<Record<string, number>> = {
  "services/aggregator/rounds": 15,
  "clients/sdk": 20,
};

const rust = globSync("programs/*/src/**/*.rs", { cwd: ROOT });
const boot = globSync("{boot.js,boot/*.js}", { cwd: ROOT });
const written = SOURCES.filter(({ path }) => !path.includes("/generated/"));
const lengths = [
  ...written.map(({ path, text }) => ({ path, lines: linesOf(text) })),
  ...[...boot, ...rust].map((path) => ({
    path,
    lines: linesOf(readFileSync(join(ROOT, path), "utf8")),
  })),
];

function linesOf(text: string): number {
  return text.split("\n").length - 1;
}

describe("sizes", () => {
  test("no file is longer than the largest", () => {
    const long = lengths
      .filter(({ lines }) => lines > LARGEST)
      .map(({ path, lines }) => `${path} has ${lines} lines`);
    assert.deepEqual(long, []);
  });

  test("half of the files are short", () => {
    const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    assert.ok(median <= MEDIAN, `the median file has ${median} lines`);
  });

  test("no folder of the table holds more files than it may", () => {
    const wide = Object.entries(WIDTHS).flatMap(([folder, most]) => {
      const count = SOURCES.filter(({ path }) => dirname(path) === folder).length;
      return count > most ? [`${folder} holds ${count} files, ${most} allowed`] : [];
    });
    assert.deepEqual(wide, []);
  });
});
