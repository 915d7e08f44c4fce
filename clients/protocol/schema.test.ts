import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parserOf, U64String } from "./schema.ts";

const parse = parserOf(U64String, "Number");
const LARGEST = 2n ** 64n - 1n;

function isAccepted(text: string): boolean {
  try {
    return parse(text) === text;
  } catch {
    return false;
  }
}

test("a 64-bit integer's text is accepted exactly up to 2^64 - 1", () => {
  for (const value of [0n, 1n, 9n, 10n, 10n ** 19n - 1n, 10n ** 19n, LARGEST - 1n, LARGEST])
    assert.ok(isAccepted(value.toString()), value.toString());
  for (const text of [
    "",
    "-1",
    "+1",
    "01",
    "1e3",
    "0x1",
    " 1",
    "1\n",
    String(LARGEST + 1n),
    "9".repeat(20),
  ])
    assert.ok(!isAccepted(text), JSON.stringify(text));
  // Each digit of the largest number raised by one, with any digits after it.
  const digits = LARGEST.toString();
  for (let place = 0; place < digits.length; place += 1) {
    const raised = Number(digits[place]) + 1;
    if (raised > 9) continue;
    for (const rest of ["0", "9"])
      assert.ok(!isAccepted(digits.slice(0, place) + raised + rest.repeat(19 - place)));
  }
});

test("every text of digits is judged by its value", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }),
      fc.nat({ max: 20 }),
      (value, kept) => {
        // Half of the numbers share their first digits with the largest, where the pattern is finest.
        const near = BigInt(
          LARGEST.toString().slice(0, kept) + value.toString().padStart(20, "0").slice(kept),
        );
        for (const one of [value, near]) assert.equal(isAccepted(one.toString()), one <= LARGEST);
      },
    ),
  );
});
