/**
 * No file imports itself through others, not even for types: a circle has no part that can be read
 * first.
 */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { describe, test } from "node:test";
import { circlesOf } from "./circles.ts";
import { SOURCES, targetOf } from "./sources.ts";

/** Circles that are still there, by the names of their files. The list only shrinks. */
const REMAINING: readonly string[] = [
  "answer-rows/answers-file",
  "blob-download/service-client/upload-body",
  "create-federation/reward-mint",
  "slots/virtual-machine",
];

describe("import circles", () => {
  test("there are none besides the remaining ones", () => {
    const graph = new Map(
      SOURCES.map((source) => [
        source.path,
        source.imports.flatMap((specifier) => targetOf(source, specifier) ?? []),
      ]),
    );
    const found = circlesOf(graph).map((files) =>
      files
        .map((path) => basename(path, ".ts"))
        .sort()
        .join("/"),
    );
    assert.deepEqual(
      found.filter((circle) => !REMAINING.includes(circle)),
      [],
    );
  });

  test("a circle is found whole, once, and apart from what leads into it", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", ["b"]],
      ["d", []],
      ["e", ["e", "a"]],
    ]);
    assert.deepEqual(circlesOf(graph), [["b", "c"], ["e"]]);
  });
});
