import {
  decodeReceipt,
  type Envelope,
  envelopeHash,
  equalBytes,
  fromBase64,
  fromHex,
  PlenaryError,
  type ReceiptView,
  toHex,
  verifySignature,
} from "@plenary/protocol";
import type { PublicKey } from "@solana/web3.js";

/**
 * Checks that a receipt is for this envelope and signed by the aggregator that the Round account
 * names. Throws `verification-failed` naming what is wrong: such a receipt proves nothing on chain.
 */
export function verifyReceipt(
  view: ReceiptView,
  envelope: Envelope,
  message: Uint8Array,
  aggregator: PublicKey,
): void {
  const bytes = fromBase64(view.receipt);
  if (!verifySignature(bytes, fromBase64(view.signature), aggregator.toBytes()))
    throw invalid("it is not signed by the federation's aggregator", envelope);
  const receipt = decodeReceipt(bytes);
  const hash = envelopeHash(message);
  if (!equalBytes(receipt.envelopeHash, hash) || !equalBytes(fromHex(view.envelopeHash, 32), hash))
    throw invalid("it is for another envelope", envelope);
  for (const field of ["genesisHash", "programId", "federation", "member"] as const)
    if (!equalBytes(receipt[field], envelope[field]))
      throw invalid(`it names another ${field}`, envelope);
  for (const field of ["round", "sequence"] as const)
    if (receipt[field] !== envelope[field])
      throw invalid(`it is for ${field} ${receipt[field]}, not ${envelope[field]}`, envelope);
}

function invalid(problem: string, envelope: Envelope): PlenaryError {
  return new PlenaryError(
    "verification-failed",
    `The receipt for round ${envelope.round} is worthless: ${problem}. The service is wrong or lies; keep the receipt and tell the federation.`,
    { round: envelope.round.toString(), member: toHex(envelope.member) },
  );
}
