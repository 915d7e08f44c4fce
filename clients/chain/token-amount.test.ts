import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isTokenAmount, parseTokens, tokensText } from "./token-amount.ts";

test("tokens are written as people write them", () => {
  assert.equal(tokensText(0n, 6), "0");
  assert.equal(tokensText(1n, 6), "0.000001");
  assert.equal(tokensText(12_500_000n, 6), "12.5");
  assert.equal(tokensText(7n, 0), "7");
  assert.equal(parseTokens("12.5", 6), 12_500_000n);
  assert.equal(parseTokens("12.50000000", 6), 12_500_000n);
  assert.equal(parseTokens("7", 0), 7n);
});

test("what a mint cannot hold is refused, with the reason", () => {
  for (const text of ["", "-1", "+1", "1.", ".5", "1e3", "1,5", " 1", "0x1"]) {
    assert.equal(isTokenAmount(text), false, text);
    assert.throws(() => parseTokens(text, 6), { code: "invalid-input", message: /such as 12\.5/ });
  }
  assert.throws(() => parseTokens("0.0000001", 6), { message: /which has 6/ });
  assert.throws(() => parseTokens("1.5", 0), { message: /which has 0/ });
  assert.throws(() => parseTokens("18446744073709.551616", 6), {
    message: /above 18446744073709\.551615/,
  });
});

test("every amount of every mint comes back", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.integer({ min: 0, max: 18 }),
      (units, decimals) => {
        const text = tokensText(units, decimals);
        assert.ok(isTokenAmount(text));
        assert.equal(parseTokens(text, decimals), units);
      },
    ),
  );
});
