import { layout, type RecordOf } from "./layout.ts";

const RECEIPT_FIELDS = {
  genesisHash: "bytes32",
  programId: "bytes32",
  federation: "bytes32",
  round: "u64",
  member: "bytes32",
  sequence: "u64",
  envelopeHash: "bytes32",
  time: "i64",
} as const;
const RECEIPT = layout("receipt", new TextEncoder().encode("plenary/receipt/1"), RECEIPT_FIELDS);

/**
 * The aggregator's signed promise that it has stored an update, and that the round's updates tree
 * will have a leaf for it. `time` is in milliseconds since 1970. With a receipt a member can prove
 * an omission on chain.
 */
export type Receipt = RecordOf<typeof RECEIPT_FIELDS>;

/** Bytes of an encoded receipt. */
export const RECEIPT_LENGTH = RECEIPT.length;

/** The bytes that the aggregator signs. Throws `invalid-input` naming a field out of range. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  return RECEIPT.encode(receipt);
}

/** Throws `malformed-envelope` naming what is wrong. */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  return RECEIPT.decode(bytes);
}
