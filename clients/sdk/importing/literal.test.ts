import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readLiteral } from "./literal.ts";

test("lists and dictionaries of Python", () => {
  assert.deepEqual(readLiteral(`['a', "b's", 'it\\'s', 1, -2.5e1, None, True, nan,]`), [
    "a",
    "b's",
    "it's",
    1,
    -25,
    null,
    true,
    null,
  ]);
  assert.deepEqual(readLiteral("defaultdict(<class 'list'>, {'Côte d\\'Ivoire': [0.5, .5]})"), {
    entries: [["Côte d'Ivoire", [0.5, 0.5]]],
  });
  assert.deepEqual(readLiteral("{1.0: 'Yes', 2.0: 'No'}"), {
    entries: [
      [1, "Yes"],
      [2, "No"],
    ],
  });
});

test("what is not a literal is undefined, and nothing throws", () => {
  for (const text of ["", "[", "[1 2]", "{'a'}", "print(1)", "[1] 2", "[".repeat(9999), "'a"])
    assert.equal(readLiteral(text), undefined, text);
  fc.assert(fc.property(fc.string(), (text) => void readLiteral(text)));
});

test("JSON's lists are read as JSON reads them", () => {
  const texts = fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)));
  fc.assert(
    fc.property(texts, (list) => {
      assert.deepEqual(readLiteral(JSON.stringify(list)), JSON.parse(JSON.stringify(list)));
    }),
  );
});
