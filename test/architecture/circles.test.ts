/**
 * No file imports itself through others, not even for types: a circle has no part that can be read
 * first.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { circlesOf } from "./circles.ts";
import { SOURCES, targetOf } from "./sources.ts";

describe("import circles", () => {
  test("there are none", () => {
    const graph = new Map(
      SOURCES.map((source) => [
        source.path,
        source.imports.flatMap((specifier) => targetOf(source, specifier) ?? []),
      ]),
    );
    assert.deepEqual(circlesOf(graph), []);
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
