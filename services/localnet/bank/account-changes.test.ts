import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeChange, encodeChange, sameAccount } from "./account-changes.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const account = fc.option(
  fc.record({
    lamports: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
    owner: bytes32,
    executable: fc.boolean(),
    rentEpoch: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    data: fc.uint8Array({ maxLength: 300 }),
  }),
  { nil: null },
);

test("applied to the state before, an encoded change gives the state after", () => {
  fc.assert(
    fc.property(
      bytes32,
      account,
      account,
      fc.uint8Array({ maxLength: 10 }),
      (address, before, after, padding) => {
        const bytes = Buffer.concat([padding, encodeChange({ address, before, after }), padding]);
        const { change, next } = decodeChange(bytes, padding.length, (asked) => {
          assert.deepEqual(new Uint8Array(asked), address);
          return before;
        });
        assert.ok(sameAccount(change.after, after));
        assert.equal(next, bytes.length - padding.length);
      },
    ),
    { numRuns: 500 },
  );
});

test("a small write into a large account takes a small record", () => {
  const base = { lamports: 1n, owner: new Uint8Array(32), executable: false, rentEpoch: 0n };
  const data = new Uint8Array(1_000_000).fill(3);
  const changed = data.slice();
  changed.fill(4, 500_000, 500_900);
  const encoded = encodeChange({
    address: new Uint8Array(32),
    before: { ...base, data },
    after: { ...base, data: changed },
  });
  assert.ok(encoded.length < 1_100, `${encoded.length} bytes`);
});
