import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  canonicalText,
  findLookAlikes,
  hasControlCharacter,
  quotedText,
  tidyText,
} from "./text-identity.ts";

describe("one name written in several ways", () => {
  for (const [name, first, second] of [
    ["decomposed letters", "Québec", "Que\u0301bec"],
    ["a zero-width space", "Québec", "Qué\u200bbec"],
    ["a soft hyphen", "Québec", "Qué\u00adbec"],
    ["a byte order mark", "Québec", "\ufeffQuébec"],
    ["a no-break space", "Women 60+", "Women\u00a060+"],
    ["a narrow no-break space", "Women 60+", "Women\u202f60+"],
    ["several spaces", "Women 60+", " Women  60+\t"],
    ["a curly apostrophe", "Très d'accord", "Très d\u2019accord"],
    ["curly quotation marks", 'Only "green"', "Only \u201cgreen\u201d"],
    ["an en dash", "18-29", "18\u201329"],
    ["an ellipsis", "Other...", "Other\u2026"],
    ["a text direction", "left", "\u202dleft\u202c"],
    ["an accent behind a zero-width space", "Québec", "Que\u200b\u0301bec"],
  ] as const)
    test(name, () => {
      assert.equal(canonicalText(first), canonicalText(second));
      assert.deepEqual(findLookAlikes(["else", first, second]), { first: 1, second: 2 });
    });

  test("other names stay apart", () => {
    for (const [first, second] of [
      ["1", "¹"],
      ["Yes", "yes"],
      ["resume", "résumé"],
      ["18-29", "1829"],
    ] as const)
      assert.notEqual(canonicalText(first), canonicalText(second));
    assert.equal(findLookAlikes(["1", "¹", "Yes", "yes"]), null);
  });
});

test("what is stored keeps its letters, quotes, dashes and joiners", () => {
  assert.equal(
    tidyText("  d\u2019accord \u2013 می\u200cخواهم\u200b "),
    "d\u2019accord \u2013 می\u200cخواهم",
  );
});

test("control characters are found, and quoted in escaped form", () => {
  for (const text of ["a\u0000", "\u001b[2Ja", "a\u009bb", "a\u2028b", "a\nb", "\ud800"])
    assert.ok(hasControlCharacter(text), JSON.stringify(text));
  assert.ok(!hasControlCharacter("Zoë 👩‍👩‍👧"));
  assert.equal(quotedText("\u001b\u009b\u202e"), '"\\u001b\\u009b\\u202e"');
});

test("any text: both forms are stable, and a quotation draws what it holds", () => {
  const character = fc.oneof(
    fc.integer({ min: 0, max: 0x2fff }).map((code) => String.fromCodePoint(code)),
    fc.constantFrom("e", "\u0301", "\u200b", "\u00ad", "\ufe0f", " ", "\u00a0", "\u0338", "`"),
  );
  fc.assert(
    fc.property(fc.string({ unit: character }), (text) => {
      assert.equal(canonicalText(canonicalText(text)), canonicalText(text));
      assert.equal(tidyText(tidyText(text)), tidyText(text));
      assert.equal(canonicalText(tidyText(text)), canonicalText(text));
      const quoted = quotedText(text);
      assert.ok(!hasControlCharacter(quoted) && quoted.length <= 80, quoted);
    }),
  );
});
