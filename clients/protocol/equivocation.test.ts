import assert from "node:assert/strict";
import { test } from "node:test";
import nacl from "tweetnacl";
import {
  checkEquivocation,
  type Envelope,
  encodeEnvelope,
  PlenaryError,
  parseEquivocation,
  sha256,
  signMessage,
  toBase58,
  toBase64,
} from "./index.ts";

const hash = (name: string) => sha256(new TextEncoder().encode(name));
const KEYS = nacl.sign.keyPair.fromSeed(hash("member"));
const ENVELOPE: Envelope = {
  genesisHash: hash("genesis"),
  programId: hash("program"),
  federation: hash("federation"),
  round: 7n,
  member: hash("member address"),
  baseRoot: hash("base"),
  sequence: 3n,
  codec: 1,
  payloadLength: 10,
  payloadHash: hash("payload"),
  weight: 5,
  deltaRoot: hash("delta"),
  checkpointRoot: new Uint8Array(32),
};

function signed(changes: Partial<Envelope> = {}, keys = KEYS) {
  const message = encodeEnvelope({ ...ENVELOPE, ...changes });
  return { envelope: toBase64(message), signature: toBase64(signMessage(message, keys.secretKey)) };
}

function evidence(second: ReturnType<typeof signed>) {
  const signingKey = toBase58(KEYS.publicKey);
  return { version: 1, kind: "equivocation", signingKey, first: signed(), second } as const;
}

test("two envelopes with one sequence and other contents are equivocation, in whatever they differ", () => {
  for (const changes of [
    { weight: 6 },
    { payloadHash: hash("x") },
    { baseRoot: hash("x") },
    { codec: 0 },
  ]) {
    const file: unknown = JSON.parse(JSON.stringify(evidence(signed(changes))));
    assert.deepEqual(checkEquivocation(parseEquivocation(file)), ENVELOPE);
  }
});

test("envelopes that do not contradict each other do not prove equivocation", () => {
  const stranger = nacl.sign.keyPair.fromSeed(hash("stranger"));
  for (const [second, problem] of [
    [signed(), /the same/],
    [signed({ weight: 6 }, stranger), /envelope 2 is not signed by/],
    [signed({ weight: 6, sequence: 4n }), /differ in sequence: 3 and 4/],
    [signed({ weight: 6, round: 8n }), /differ in round/],
    [signed({ weight: 6, member: hash("x") }), /differ in member/],
    [signed({ weight: 6, genesisHash: hash("x") }), /differ in genesisHash/],
  ] as const)
    assert.throws(() => checkEquivocation(evidence(second)), {
      code: "verification-failed",
      message: problem,
    });
  assert.throws(
    () => checkEquivocation(evidence({ envelope: "AAAA", signature: "AAAA" })),
    PlenaryError,
  );
});
