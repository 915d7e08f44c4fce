import assert from "node:assert/strict";
import { type ErrorCode, PlenaryError } from "@plenary/protocol";
import fc from "fast-check";

const DELTA_MAX = 2 ** 27 - 1;

/** Entries of updates: every magnitude below 2^27, the extremes often. */
const entry = fc.oneof(
  fc.integer({ min: -DELTA_MAX, max: DELTA_MAX }),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(0, 1, -1, DELTA_MAX, -DELTA_MAX),
);

/** Updates of `length` entries. */
export function deltas(length: number): fc.Arbitrary<Int32Array> {
  return fc
    .array(entry, { minLength: length, maxLength: length })
    .map((entries) => Int32Array.from(entries));
}

/** Models of `length` entries, from the whole range of a model. */
export function models(length: number): fc.Arbitrary<Int32Array> {
  const value = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 });
  return fc
    .array(value, { minLength: length, maxLength: length })
    .map((entries) => Int32Array.from(entries));
}

/** Fails unless `call` throws a PlenaryError of that code with a message worth reading. */
export function throwsCode(call: () => unknown, code: ErrorCode): void {
  assert.throws(call, (error: unknown) => {
    assert.ok(error instanceof PlenaryError, `not a PlenaryError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.length > 20);
    return true;
  });
}
