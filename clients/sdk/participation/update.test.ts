import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeEnvelope,
  encodeReceipt,
  envelopeHash,
  type Receipt,
  type ReceiptView,
  signMessage,
  toBase58,
  toBase64,
  toHex,
  verifySignature,
} from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import { loadDataset } from "../answers/index.ts";
import { planFederation } from "../founding/index.ts";
import { encodeUpdate, type Subject, signAgain, signUpdate, verifyReceipt } from "./update.ts";

const member = Keypair.generate();
const aggregator = Keypair.generate();
const SUBJECT: Subject = {
  context: {
    genesisHash: new Uint8Array(32).fill(1),
    program: Keypair.generate().publicKey,
    address: Keypair.generate().publicKey,
  },
  round: { number: 4n, baseRoot: new Uint8Array(32).fill(2) },
  member: Keypair.generate().publicKey,
  sequence: 1n,
  weight: 70,
};
const dataset = await loadDataset("gss");
const { configuration } = planFederation({ name: "t", dataset, heldOut: null, quorum: 2, seed: 1 });
const update = encodeUpdate(
  { configuration },
  Int32Array.from({ length: 1_000 }, (_, i) => i * i - 5_000),
  undefined,
);
const signed = signUpdate(SUBJECT, update, member);
const envelope = decodeEnvelope(signed.message);

function receiptOf(change: Partial<Receipt> = {}, signer = aggregator): ReceiptView {
  const { genesisHash, programId, federation, round, member: who, sequence } = envelope;
  const hash = envelopeHash(signed.message);
  const receipt = encodeReceipt({
    genesisHash,
    programId,
    federation,
    round,
    member: who,
    sequence,
    envelopeHash: hash,
    time: 5n,
    ...change,
  });
  return {
    envelopeHash: toHex(change.envelopeHash ?? hash),
    receipt: toBase64(receipt),
    signature: toBase64(signMessage(receipt, signer.secretKey)),
    aggregator: toBase58(signer.publicKey.toBytes()),
  };
}

test("an envelope says what the payload decodes to, and the member's key signs it", () => {
  assert.ok(verifySignature(signed.message, signed.signature, member.publicKey.toBytes()));
  assert.deepEqual(envelope.deltaRoot, update.deltaRoot);
  assert.deepEqual(
    [envelope.round, envelope.sequence, envelope.weight, envelope.codec],
    [4n, 1n, 70, 1],
  );
  assert.throws(() => encodeUpdate({ configuration }, new Int32Array(1), "zip"), {
    code: "codec-refused",
  });
});

test("after a void the same update is signed for the new round", () => {
  const again = signAgain(envelope, 5n, 2n, member);
  assert.ok(verifySignature(again.message, again.signature, member.publicKey.toBytes()));
  assert.deepEqual(decodeEnvelope(again.message), { ...envelope, round: 5n, sequence: 2n });
});

test("only the aggregator's receipt for this very envelope is accepted", () => {
  const check = (view: ReceiptView) =>
    verifyReceipt(view, envelope, signed.message, aggregator.publicKey);
  check(receiptOf());
  const other = new Uint8Array(32).fill(9);
  for (const [view, problem] of [
    [receiptOf({}, member), /not signed by the federation's aggregator/],
    [receiptOf({ envelopeHash: other }), /another envelope/],
    [{ ...receiptOf(), envelopeHash: toHex(other) }, /another envelope/],
    [receiptOf({ genesisHash: other }), /another genesisHash/],
    [receiptOf({ federation: other }), /another federation/],
    [receiptOf({ member: other }), /another member/],
    [receiptOf({ round: 3n }), /round 3, not 4/],
    [receiptOf({ sequence: 2n }), /sequence 2, not 1/],
  ] as const)
    assert.throws(() => check(view), { code: "verification-failed", message: problem });
});
