import assert from "node:assert/strict";
import { test } from "node:test";
import { compress, createCodec, signUpdate } from "@plenary/algorithms";
import {
  encodeReceipt,
  envelopeHash,
  type Receipt,
  type ReceiptView,
  signMessage,
  toBase58,
  toBase64,
  toHex,
} from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import { verifyReceipt } from "./receipt.ts";

const member = Keypair.generate();
const aggregator = Keypair.generate();
const { envelope, message } = signUpdate(
  {
    genesisHash: new Uint8Array(32).fill(1),
    programId: Keypair.generate().publicKey.toBytes(),
    federation: Keypair.generate().publicKey.toBytes(),
    round: 4n,
    member: Keypair.generate().publicKey.toBytes(),
    baseRoot: new Uint8Array(32).fill(2),
    sequence: 1n,
    weight: 70,
  },
  compress(Int32Array.of(1, -2, 3), createCodec({ name: "int8" }), { maxNorm: 0 }),
  member.secretKey,
);

function receiptOf(change: Partial<Receipt> = {}, signer = aggregator): ReceiptView {
  const { genesisHash, programId, federation, round, member: who, sequence } = envelope;
  const hash = envelopeHash(message);
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

test("only the aggregator's receipt for this very envelope is accepted", () => {
  const check = (view: ReceiptView) => verifyReceipt(view, envelope, message, aggregator.publicKey);
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
