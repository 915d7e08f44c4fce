/** Which rooms may look into which. */
import assert from "node:assert/strict";
import { basename, dirname, relative } from "node:path";
import { describe, test } from "node:test";
import { isTest, roomOf, SOURCES, targetOf } from "./sources.ts";

describe("rooms", () => {
  test("what is there for tests is imported by tests alone", () => {
    const problems = SOURCES.filter(
      ({ path }) => !isTest(path) && !["test", "bench"].includes(roomOf(path)),
    ).flatMap((source) =>
      source.imports
        .filter((specifier) => /(^|\/)testing\//.test(targetOf(source, specifier) ?? ""))
        .map((specifier) => `${source.path} imports ${specifier}`),
    );
    assert.deepEqual(problems, []);
  });

  test("the SDK's rooms import each other through their index alone", () => {
    const base = "clients/sdk/";
    const roomIn = (path: string) => relative(base, path).replaceAll("\\", "/").split("/")[0] ?? "";
    const problems = SOURCES.filter(({ path }) => path.startsWith(base)).flatMap((source) =>
      source.imports
        .filter((specifier) => {
          const target = targetOf(source, specifier);
          if (!target?.startsWith(base) || roomIn(target) === roomIn(source.path)) return false;
          return dirname(target) !== base.slice(0, -1) && basename(target) !== "index.ts";
        })
        .map((specifier) => `${source.path} imports ${specifier}`),
    );
    assert.deepEqual(problems, []);
  });
});
