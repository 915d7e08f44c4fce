import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { printable, printableJson } from "./printable.ts";

/**
 * Ranges of the Unicode tables, checked one by one: independent of the regular expression under
 * test.
 */
const FORBIDDEN: readonly (readonly [number, number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x200b, 0x200b],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2064],
  [0x2066, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xe0001, 0xe007f],
];

const isForbidden = (character: string) => {
  const code = character.codePointAt(0) ?? 0;
  return FORBIDDEN.some(([first, last]) => code >= first && code <= last);
};

/** Text as a hostile service would send it: anything, mixed with what terminals obey. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.constantFrom(
        "\u001b[2J",
        "\u001b]8;;http://example.org\u0007",
        "\u009b1A",
        "\r",
        "\n",
        "\u202e",
        "\u2066",
        "\u2028",
        "\ud800",
        "\u{e0041}",
        "round 3 is right",
      ),
    ),
  )
  .map((parts) => parts.join(""));

test("no control, format or bidirectional character reaches the terminal, in text or JSON", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      assert.deepEqual([...printable(text)].filter(isForbidden), []);
      assert.deepEqual([...printableJson({ [text]: text })].filter(isForbidden), []);
    }),
  );
});

test("JSON still parses to the same value", () => {
  fc.assert(
    fc.property(fc.dictionary(hostile, fc.oneof(hostile, fc.integer(), fc.boolean())), (value) => {
      assert.deepEqual(JSON.parse(printableJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("ordinary text of any script is left alone", () => {
  for (const text of [
    "round 3 is right: 5 updates counted",
    "Zürich, Łódź, Ελλάδα, Россия",
    "日本語 한국어 العربية עברית हिन्दी",
    "می‌خواهم",
    "👩‍🔬 ✓ – “quoted” 100 %",
    "C:\\temp\\answers.csv",
  ])
    assert.equal(printable(text), text);
  assert.equal(printable("\u001b[2Jround 3 is right\n"), "\\u001b[2Jround 3 is right\\u000a");
});
