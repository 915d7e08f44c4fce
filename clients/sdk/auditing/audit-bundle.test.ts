import assert from "node:assert/strict";
import { test } from "node:test";
import { PlenaryError, toBase58 } from "@plenary/protocol";
import fc from "fast-check";
import { type AuditBundle, decodeAuditBundle, encodeAuditBundle } from "./audit-bundle.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const u32 = fc.nat({ max: 2 ** 32 - 1 });
const bundle: fc.Arbitrary<AuditBundle> = fc
  .record({
    addresses: fc.tuple(hash, hash),
    round: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    envelope: fc.uint8Array({ maxLength: 300 }),
    counts: fc.array(fc.nat({ max: 1000 }), { minLength: 2, maxLength: 5 }),
    commitment: fc.record(
      {
        answersHash: hash,
        seed: hash,
        round: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        steps: u32,
        checkpointEvery: u32,
      },
      { noNullPrototype: true },
    ),
    commitmentPath: fc.array(hash, { maxLength: 3 }),
    checkpoints: fc.uniqueArray(
      fc.record({
        number: fc.integer({ min: 1, max: 50 }),
        bytes: fc.uint8Array({ maxLength: 80 }),
        path: fc.array(hash, { maxLength: 3 }),
      }),
      { maxLength: 4, selector: ({ number }) => number },
    ),
  })
  .map(
    ({
      addresses: [federation, member],
      round,
      envelope,
      counts,
      commitment,
      commitmentPath,
      checkpoints,
    }) => ({
      federation: toBase58(federation),
      round,
      member: toBase58(member),
      envelope,
      evidence: {
        answers: {
          version: 1,
          groups: [{ id: "north", label: "the north", answers: [{ question: "q", counts }] }],
        },
        commitment,
        commitmentPath,
        checkpoints: new Map(
          checkpoints
            .sort((a, b) => a.number - b.number)
            .map(({ number, bytes, path }) => [number, { bytes, path }]),
        ),
      },
    }),
  );

test("any bundle survives its file", () => {
  fc.assert(
    fc.property(bundle, (value) => {
      assert.deepEqual(decodeAuditBundle(encodeAuditBundle(value)), value);
    }),
  );
});

test("damaged and other files are refused, without quoting the answers", () => {
  const refused = (bytes: Uint8Array) => {
    try {
      decodeAuditBundle(bytes);
      return false;
    } catch (error) {
      assert.ok(error instanceof PlenaryError);
      assert.ok(!error.message.includes("the north"));
      return true;
    }
  };
  fc.assert(
    fc.property(bundle, fc.uint8Array({ maxLength: 300 }), (value, noise) => {
      const bytes = encodeAuditBundle(value);
      assert.ok(refused(noise));
      assert.ok(refused(bytes.subarray(0, -1)));
      assert.ok(refused(Uint8Array.from([...bytes, 0])));
      const cut = bytes.slice();
      cut[20] = 0x7b;
      cut[21] = 0x7d;
      assert.ok(refused(cut));
    }),
  );
});
