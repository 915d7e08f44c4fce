import { chunkProof, rewardLeafProof, updateLeafProof } from "@plenary/algorithms";
import {
  chunkBytes,
  encodeUpdateLeaf,
  equalBytes,
  leafHash,
  PlenaryError,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import type { LedgerAnswer, LedgerDispute, LedgerVector } from "../../chain/ledger.ts";
import type { RoundMaterial } from "../models/round-material.ts";

/** One thing that a dispute demands of the aggregator. */
export type DemandedPiece =
  | { readonly kind: "update-leaf" | "reward-leaf"; readonly leaf: number }
  | { readonly kind: "envelope"; readonly leafHash: Uint8Array }
  | {
      readonly kind: "chunk";
      readonly vector: Exclude<LedgerVector, "delta">;
      readonly chunk: number;
    }
  /** A chunk of the update in leaf `leaf`. */
  | {
      readonly kind: "chunk";
      readonly vector: "delta";
      readonly leaf: number;
      readonly chunk: number;
    };

/**
 * What a dispute waits for the aggregator to give. Null while nothing is demanded, and if what is
 * demanded is shown already.
 */
export function demandedPiece(dispute: LedgerDispute): DemandedPiece | null {
  const { kind, missing, nextLeaf, index } = dispute;
  if (dispute.demandedUntil === null || dispute.provenRight !== null) return null;
  if (kind === "envelope") return { kind, leafHash: dispute.targetHash };
  switch (missing) {
    case null:
      return null;
    case "leaf":
      return { kind: kind === "total" ? "reward-leaf" : "update-leaf", leaf: nextLeaf };
    case "delta":
      // To demand this, the challenger has proven that the leaf before the next is the committed
      // one.
      return { kind: "chunk", vector: missing, leaf: nextLeaf - 1, chunk: index };
    default:
      return { kind: "chunk", vector: missing, chunk: index };
  }
}

/**
 * Whether the service ends a dispute: it ends those that it has won, and all whose challenger's
 * time is over. A dispute that the challenger has won is left to the challenger, who is paid for
 * ending it.
 */
export function isToEnd(dispute: LedgerDispute, now: number): boolean {
  const { kind, missing, provenRight, demandedUntil, expiresAt } = dispute;
  if (demandedUntil !== null && now <= demandedUntil) return false;
  if (now > expiresAt || provenRight === "aggregator") return true;
  const isComplete = (kind === "chunk" || kind === "total") && missing === null;
  return isComplete && provenRight === null && demandedUntil === null;
}

/** A piece in words, always the same. No dispute demands a piece twice. */
export function nameOfPiece(piece: DemandedPiece): string {
  switch (piece.kind) {
    case "update-leaf":
      return `leaf ${piece.leaf} of the updates`;
    case "reward-leaf":
      return `leaf ${piece.leaf} of the rewards`;
    case "envelope":
      return "the envelope of a leaf";
    case "chunk":
      return piece.vector === "delta"
        ? `chunk ${piece.chunk} of the update in leaf ${piece.leaf}`
        : `chunk ${piece.chunk} of the vector ${piece.vector}`;
  }
}

/**
 * The answer to a demand, with its proof. Throws `round-inconsistent` if the round has no such
 * leaf.
 */
export function answerTo(
  piece: DemandedPiece,
  { updates, rewards, vector }: RoundMaterial,
): LedgerAnswer {
  switch (piece.kind) {
    case "update-leaf": {
      const leaves = updates.map(({ leaf }) => leaf);
      const leaf = existing(leaves[piece.leaf], piece);
      return { kind: piece.kind, leaf, path: updateLeafProof(leaves, piece.leaf).path };
    }
    case "reward-leaf": {
      const leaf = existing(rewards[piece.leaf], piece);
      return { kind: piece.kind, leaf, path: rewardLeafProof(rewards, piece.leaf).path };
    }
    case "envelope": {
      const shown = updates.find(({ leaf }) =>
        equalBytes(leafHash(encodeUpdateLeaf(leaf)), piece.leafHash),
      );
      const { leaf, message, signature, signingKey } = existing(shown, piece);
      return { kind: piece.kind, leaf, message, signature, signingKey };
    }
    case "chunk": {
      const whole = existing(vector, piece);
      const values = vectorFromBytes(chunkBytes(whole, piece.chunk));
      return { kind: piece.kind, values, path: chunkProof(whole, piece.chunk).path };
    }
  }
}

function existing<T>(found: T | undefined, piece: DemandedPiece): T {
  if (found !== undefined) return found;
  const context = piece.kind === "envelope" ? { leafHash: toHex(piece.leafHash) } : {};
  throw new PlenaryError(
    "round-inconsistent",
    `A dispute demands ${nameOfPiece(piece)}, which does not exist in the round that this service computed.`,
    context,
  );
}
