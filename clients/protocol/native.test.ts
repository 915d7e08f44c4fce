import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import nacl from "tweetnacl";
import { fromHex } from "./bytes.ts";
import { native } from "./native.ts";
import { portableSha256, portableSign, portableVerify } from "./portable.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

test("Node's hashes and the portable ones are the same", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 4 }), (parts) => {
      assert.deepEqual(native?.sha256(parts), portableSha256(parts));
    }),
  );
});

test("Node's signatures and the portable ones are the same", () => {
  fc.assert(
    fc.property(bytes32, fc.uint8Array({ maxLength: 300 }), (seed, message) => {
      const { secretKey } = nacl.sign.keyPair.fromSeed(seed);
      assert.deepEqual(native?.sign(message, secretKey), portableSign(message, secretKey));
    }),
    { numRuns: 30 },
  );
});

test("Node and the portable implementation accept the same altered signatures and keys", () => {
  const alteration = fc.record({ at: fc.nat({ max: 95 }), with: fc.nat({ max: 255 }) });
  fc.assert(
    fc.property(bytes32, alteration, fc.boolean(), (seed, { at, with: value }, alter) => {
      const message = seed.subarray(0, 9);
      const keys = nacl.sign.keyPair.fromSeed(seed);
      const both = new Uint8Array([...portableSign(message, keys.secretKey), ...keys.publicKey]);
      if (alter) both[at] = value;
      const [signature, key] = [both.subarray(0, 64), both.subarray(64)];
      assert.equal(
        native?.verify(message, signature, key),
        portableVerify(message, signature, key),
      );
    }),
    { numRuns: 60 },
  );
});

test("Node and the portable implementation agree on keys that are not reduced or not on the curve", () => {
  const message = Uint8Array.of(1, 2, 3);
  const keys = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(3));
  const signature = portableSign(message, keys.secretKey);
  // y = p + 2 to p + 18 and the same with the sign bit; random bytes, half of which do not encode a
  // point.
  const notReduced = Array.from({ length: 17 }, (_, i) =>
    [0x7f, 0xff].map((last) =>
      fromHex(`${(0xef + i).toString(16)}${"ff".repeat(30)}${last.toString(16)}`),
    ),
  ).flat();
  for (const key of [...notReduced, ...fc.sample(bytes32, 30)])
    assert.equal(native?.verify(message, signature, key), portableVerify(message, signature, key));
});
