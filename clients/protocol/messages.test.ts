import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import test from "node:test";
import fc from "fast-check";
import nacl from "tweetnacl";
import {
  compareBytes,
  decodeEmbeddings,
  decodeEnvelope,
  decodeReceipt,
  decodeUpdateLeaf,
  ENVELOPE_LENGTH,
  type Envelope,
  encodeEmbeddings,
  encodeEnvelope,
  fromBase58,
  fromBase64,
  fromHex,
  PlenaryError,
  RECEIPT_LENGTH,
  signMessage,
  toBase58,
  toBase64,
  toHex,
  UPDATE_LEAF_LENGTH,
  verifySignature,
} from "./index.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.nat({ max: 2 ** 32 - 1 });
const envelope: fc.Arbitrary<Envelope> = fc.record(
  {
    genesisHash: hash,
    programId: hash,
    federation: hash,
    round: u64,
    member: hash,
    baseRoot: hash,
    sequence: u64,
    codec: fc.nat({ max: 255 }),
    payloadLength: u32,
    payloadHash: hash,
    weight: u32,
    deltaRoot: hash,
    checkpointRoot: hash,
  },
  { noNullPrototype: true },
);

test("message lengths are those of the protocol", () => {
  assert.deepEqual([ENVELOPE_LENGTH, RECEIPT_LENGTH, UPDATE_LEAF_LENGTH], [297, 201, 142]);
});

test("any envelope survives encoding, and any change of a byte changes it or is refused", () => {
  fc.assert(
    fc.property(
      envelope,
      fc.nat({ max: ENVELOPE_LENGTH - 1 }),
      fc.integer({ min: 1, max: 255 }),
      (value, at, flip) => {
        const bytes = encodeEnvelope(value);
        assert.deepEqual(decodeEnvelope(bytes), value);
        const altered = Uint8Array.from(bytes);
        altered[at]! ^= flip;
        if (at < 16) assert.throws(() => decodeEnvelope(altered), /domain/);
        else assert.notDeepEqual(decodeEnvelope(altered), value);
      },
    ),
  );
});

test("arbitrary bytes decode or are refused with a stated reason", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      for (const decode of [decodeEnvelope, decodeReceipt, decodeUpdateLeaf])
        try {
          decode(bytes);
        } catch (error) {
          assert.ok(error instanceof PlenaryError && error.code === "malformed-envelope");
        }
    }),
  );
});

test("fields out of range are named when encoding", () => {
  const [value] = fc.sample(envelope, 1);
  assert.throws(
    () => encodeEnvelope({ ...value!, weight: 2 ** 32 }),
    /envelope.weight must be u32/,
  );
  assert.throws(() => encodeEnvelope({ ...value!, round: -1n }), /envelope.round must be u64/);
  assert.throws(
    () => encodeEnvelope({ ...value!, member: new Uint8Array(31) }),
    /envelope.member must be bytes32/,
  );
});

function nodeVerify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const key = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(publicKey).toString("base64url") },
    format: "jwk",
  });
  return verify(null, message, key, signature);
}

test("signatures verify here and in node:crypto; altered ones in neither", () => {
  fc.assert(
    fc.property(
      hash,
      fc.uint8Array({ maxLength: 300 }),
      fc.nat({ max: 511 }),
      (seed, message, bit) => {
        const keys = nacl.sign.keyPair.fromSeed(seed);
        const signature = signMessage(message, keys.secretKey);
        assert.ok(verifySignature(message, signature, keys.publicKey));
        assert.ok(nodeVerify(message, signature, keys.publicKey));
        signature[bit >> 3]! ^= 1 << (bit & 7);
        assert.ok(!verifySignature(message, signature, keys.publicKey));
        assert.ok(!nodeVerify(message, signature, keys.publicKey));
      },
    ),
    { numRuns: 30 },
  );
});

test("a second signature made from a first (S + L) is refused", () => {
  const keys = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(7));
  const message = Uint8Array.of(1, 2, 3);
  const signature = signMessage(message, keys.secretKey);
  const order = (1n << 252n) + 27742317777372353535851937790883648493n;
  let s = 0n;
  for (let i = 63; i >= 32; i--) s = (s << 8n) | BigInt(signature[i]!);
  s += order;
  for (let i = 32; i < 64; i++, s >>= 8n) signature[i] = Number(s & 255n);
  assert.ok(!verifySignature(message, signature, keys.publicKey));
  assert.ok(!nodeVerify(message, signature, keys.publicKey));
});

test("keys of small order sign nothing", () => {
  // With the identity as key and R, S = 0 satisfies the verification equation for every message.
  const identity = new Uint8Array(32);
  identity[0] = 1;
  const signature = new Uint8Array(64);
  signature[0] = 1;
  assert.ok(!verifySignature(Uint8Array.of(9), signature, identity));
});

test("text encodings round-trip, and only their canonical form is read", () => {
  fc.assert(
    fc.property(hash, fc.uint8Array({ maxLength: 99 }), (address, bytes) => {
      assert.deepEqual(fromBase58(toBase58(address)), address);
      assert.deepEqual(fromHex(toHex(bytes)), bytes);
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    }),
  );
  assert.throws(() => fromBase64("AB=="), /canonical/);
  assert.throws(() => fromBase64("A"), /base64/);
  assert.throws(() => fromHex("AB"), /hexadecimal/);
  assert.throws(() => fromBase58("111"), /32 bytes/);
  assert.throws(() => fromBase58("0OIl"), /base58/);
});

test("bytes are ordered as unsigned numbers, shorter first", () => {
  assert.ok(compareBytes(Uint8Array.of(0x7f), Uint8Array.of(0x80)) < 0);
  assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
  assert.equal(compareBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), 0);
});

test("embeddings survive quantisation within half a step, and hostile files are refused", () => {
  const matrix = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
  const bytes = encodeEmbeddings(matrix, 4);
  const decoded = decodeEmbeddings(bytes).matrix();
  for (let i = 0; i < 12; i++) assert.ok(Math.abs(decoded[i]! - matrix[i]!) <= 0.5 / 127 + 1e-6);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      assert.throws(() => decodeEmbeddings(noise), PlenaryError);
    }),
  );
  assert.throws(() => decodeEmbeddings(bytes.subarray(0, bytes.length - 1)), /has \d+ bytes/);
});
