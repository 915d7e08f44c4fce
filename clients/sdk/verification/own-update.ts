import { promisedLeaf, type SignedReceipt } from "@plenary/algorithms";
import type { Round } from "@plenary/chain";
import {
  decodeReceipt,
  equalBytes,
  PlenaryError,
  REASONS,
  reasonName,
  type UpdateLeaf,
  verifySignature,
} from "@plenary/protocol";

/** What a committed round made of an update that its member holds a receipt for. */
export interface OwnUpdate {
  readonly standing: "counted" | "refused" | "omitted";
  /** Place of the member's leaf in the updates tree; null if the update was omitted. */
  readonly index: number | null;
  /** Why the update does not count, in a sentence; null if it was counted. */
  readonly reason: string | null;
}

/**
 * Looks for the update of a receipt among the leaves that a round has committed. An update with a
 * receipt and no leaf was omitted, and the receipt proves that on chain. Throws
 * `verification-failed` if the receipt is not the aggregator's, or is for another round.
 */
export function findOwnUpdate(
  { message, signature }: SignedReceipt,
  leaves: readonly UpdateLeaf[],
  round: Pick<Round, "number" | "federation" | "aggregator">,
): OwnUpdate {
  const receipt = decodeReceipt(message);
  const isHere =
    receipt.round === round.number && equalBytes(receipt.federation, round.federation.toBytes());
  if (!isHere || !verifySignature(message, signature, round.aggregator.toBytes()))
    throw new PlenaryError(
      "verification-failed",
      `The receipt is not for round ${round.number} of this federation, signed by ${round.aggregator.toBase58()}.`,
      { round: round.number.toString(), aggregator: round.aggregator.toBase58() },
    );
  const found = promisedLeaf(receipt, leaves);
  if (found === null)
    return {
      standing: "omitted",
      index: null,
      reason: `Round ${round.number} was committed without this update, although the aggregator ${round.aggregator.toBase58()} signed a receipt for it.`,
    };
  const { index, leaf } = found;
  if (leaf.reason === REASONS.counted.code) return { standing: "counted", index, reason: null };
  const name = reasonName(leaf.reason);
  const reason = name === undefined ? `The reason code is ${leaf.reason}.` : REASONS[name].text;
  return { standing: "refused", index, reason };
}
