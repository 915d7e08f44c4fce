import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { requirePrintable } from "./printable.ts";

const refused = (value: unknown) =>
  assert.throws(() => requirePrintable(value, "configuration"), { code: "invalid-input" });

test("names in any script are printable", () => {
  for (const name of ["Stadtrat Zürich", "市議会", "می‌خواهم", "👩‍👩‍👧", "a\u0301"])
    requirePrintable({ name, rounds: { quorum: 3 }, heldOut: null }, "configuration");
});

test("characters that draw nothing, or draw elsewhere, are refused in any field, which is named", () => {
  const hostile = ["\u001b[2J", "\n", "\u0000", "\u0085", "\u2028", "\u202e", "\ud800", "\ufeff"];
  for (const text of hostile) {
    refused({ name: `round 3${text}` });
    refused({ training: { [text]: 1 } });
    refused([["a", text]]);
  }
  assert.throws(() => requirePrintable({ predictor: { name: "\u0007" } }, "configuration"), {
    context: { field: "configuration.predictor.name" },
  });
});

test("printable ASCII is never refused, and control characters always are", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => requirePrintable(text, "name")),
  );
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 0, max: 0x1f }),
      fc.string(),
      (before, code, after) => refused(before + String.fromCharCode(code) + after),
    ),
  );
});
