import {
  Base58Address,
  Base64,
  compareBytes,
  decodeReceipt,
  decodeUpdateLeaf,
  encodeUpdateLeaf,
  equalBytes,
  fromBase58,
  fromBase64,
  fromHex,
  HexHash,
  leafHash,
  PlenaryError,
  parserOf,
  type Receipt,
  toBase58,
  toBase64,
  toHex,
  type UpdateLeaf,
  verifyInclusion,
  verifySignature,
} from "@plenary/protocol";
import Type, { type Static } from "typebox";
import { updateLeafProof } from "./proofs.ts";

const OmissionProofSchema = Type.Object(
  {
    version: Type.Literal(1),
    kind: Type.Literal("omission"),
    /** The aggregator's promise and its signature, as the member received them (see receipt.ts). */
    receipt: Base64,
    signature: Base64,
    aggregator: Base58Address,
    /** Root and size of the round's updates tree, as in the Round account. */
    updatesRoot: HexHash,
    updateCount: Type.Integer({ minimum: 1 }),
    /**
     * The member's own leaf, if it is not the promised one; else the two leaves between which it
     * would be.
     */
    leaves: Type.Array(
      Type.Object(
        {
          index: Type.Integer({ minimum: 0 }),
          leaf: Base64,
          path: Type.Array(HexHash, { maxItems: 32 }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 2 },
    ),
  },
  { additionalProperties: false },
);
/** A receipt without its leaf: a file that anyone can check against the Round account. */
export type OmissionProof = Static<typeof OmissionProofSchema>;

/** Throws `invalid-input` naming the field that is wrong. */
export const parseOmissionProof = parserOf(OmissionProofSchema, "Proof of omission");

/** A receipt with its signature. */
export interface SignedReceipt {
  /** The encoded receipt, the signed message. */
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** The fields of the Round account that decide about an omission. */
export interface ReceiptedRound {
  readonly aggregator: Uint8Array;
  readonly updatesRoot: Uint8Array;
  readonly updateCount: number;
}

/** The member and round that a receipt must be about. */
export interface ReceiptIdentity {
  readonly genesisHash: Uint8Array;
  readonly programId: Uint8Array;
  readonly federation: Uint8Array;
  readonly round: bigint;
}

/**
 * Makes the proof from the committed leaves, which ascend by member. Throws `verification-failed`
 * if the leaves keep the promise: the member's leaf has the receipt's envelope, or a later one of
 * that member.
 */
export function proveOmission(
  receipt: SignedReceipt,
  leaves: readonly UpdateLeaf[],
  round: ReceiptedRound,
): OmissionProof {
  const promised = decodeReceipt(receipt.message);
  const notBelow = leaves.findIndex(({ member }) => compareBytes(member, promised.member) >= 0);
  const place = notBelow < 0 ? leaves.length : notBelow;
  const own = leaves[place];
  const isOwn = own !== undefined && equalBytes(own.member, promised.member);
  if (isOwn && keepsPromise(own, promised))
    throw new PlenaryError(
      "verification-failed",
      `Nothing was omitted: leaf ${place} of round ${promised.round} is this member's update ${own.sequence}.`,
      { index: place, sequence: own.sequence.toString() },
    );
  const shown = isOwn
    ? [place]
    : [place - 1, place].filter((index) => index >= 0 && index < leaves.length);
  return {
    version: 1,
    kind: "omission",
    receipt: toBase64(receipt.message),
    signature: toBase64(receipt.signature),
    aggregator: toBase58(round.aggregator),
    updatesRoot: toHex(round.updatesRoot),
    updateCount: round.updateCount,
    leaves: shown.map((index) => {
      const { leaf, path } = updateLeafProof(leaves, index);
      return { index, leaf: toBase64(encodeUpdateLeaf(leaf)), path: path.map(toHex) };
    }),
  };
}

/**
 * The leaf that keeps the promise of a receipt, with its index: that of the update itself, or of a
 * later one by the same member. Null if the round has left the update out.
 */
export function promisedLeaf(
  receipt: Receipt,
  leaves: readonly UpdateLeaf[],
): { readonly index: number; readonly leaf: UpdateLeaf } | null {
  const index = leaves.findIndex(({ member }) => equalBytes(member, receipt.member));
  const leaf = leaves[index];
  return leaf !== undefined && keepsPromise(leaf, receipt) ? { index, leaf } : null;
}

/** A later update of the member replaces the one of the receipt. */
function keepsPromise(leaf: UpdateLeaf, promised: Receipt): boolean {
  return (
    leaf.sequence > promised.sequence ||
    (leaf.sequence === promised.sequence && equalBytes(leaf.envelopeHash, promised.envelopeHash))
  );
}

/**
 * Checks a proof against the round on chain and returns what it proves, in a sentence. Throws
 * `verification-failed` naming what does not hold, and `malformed-envelope` or `invalid-input` on
 * bytes of another form.
 */
export function checkOmission(
  proof: OmissionProof,
  round: ReceiptedRound,
  identity: ReceiptIdentity,
): string {
  const promised = decodeReceipt(fromBase64(proof.receipt));
  if (!verifySignature(fromBase64(proof.receipt), fromBase64(proof.signature), round.aggregator))
    throw refuted(
      `the receipt is not signed by the round's aggregator, ${toBase58(round.aggregator)}`,
    );
  if (
    !equalBytes(promised.genesisHash, identity.genesisHash) ||
    !equalBytes(promised.programId, identity.programId) ||
    !equalBytes(promised.federation, identity.federation) ||
    promised.round !== identity.round
  )
    throw refuted("the receipt is for another chain, program, federation or round");
  if (
    !equalBytes(fromBase58(proof.aggregator), round.aggregator) ||
    !equalBytes(fromHex(proof.updatesRoot, 32), round.updatesRoot) ||
    proof.updateCount !== round.updateCount
  )
    throw refuted(
      "the Round account has another aggregator, updates root or update count than the proof",
    );
  const leaves = proof.leaves.map((shown) => provenLeaf(shown, round));
  return `${toBase58(promised.member)} holds a receipt for its update ${promised.sequence} of round ${promised.round}, and ${absence(leaves, promised, round)}`;
}

interface ProvenLeaf {
  readonly index: number;
  readonly leaf: UpdateLeaf;
}

function provenLeaf(
  { index, leaf, path }: OmissionProof["leaves"][number],
  { updatesRoot, updateCount }: ReceiptedRound,
): ProvenLeaf {
  const bytes = fromBase64(leaf);
  const hashes = path.map((hash) => fromHex(hash, 32));
  if (!verifyInclusion(updatesRoot, leafHash(bytes), index, updateCount, hashes))
    throw refuted(`leaf ${index} is not in the round's updates tree`);
  return { index, leaf: decodeUpdateLeaf(bytes) };
}

function absence(
  leaves: readonly ProvenLeaf[],
  promised: Receipt,
  { updateCount }: ReceiptedRound,
): string {
  const [first, second] = leaves;
  if (first === undefined) throw refuted("it shows no leaf");
  const order = compareBytes(first.leaf.member, promised.member);
  if (second === undefined && order === 0) {
    if (keepsPromise(first.leaf, promised))
      throw refuted(`leaf ${first.index} is the promised update or a later one`);
    return `leaf ${first.index} is another: its update ${first.leaf.sequence}, or another envelope under the same number`;
  }
  const none = "there is no leaf of this member";
  if (second === undefined) {
    if (order > 0 && first.index === 0) return `${none}: the first is of a later one`;
    if (order < 0 && first.index === updateCount - 1)
      return `${none}: the last is of an earlier one`;
    throw refuted(`leaf ${first.index} alone does not show that the member has none`);
  }
  const isGap = order < 0 && compareBytes(second.leaf.member, promised.member) > 0;
  if (isGap && second.index === first.index + 1)
    return `${none}: leaves ${first.index} and ${second.index}, between which it would stand, follow each other`;
  throw refuted("the two leaves are not neighbours around the member's place");
}

function refuted(problem: string): PlenaryError {
  return new PlenaryError("verification-failed", `This proves no omission: ${problem}.`);
}
