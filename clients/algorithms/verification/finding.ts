/** The public parts of a round, by their names in findings. */
export const PUBLIC_BLOBS = [
  "manifest",
  "update leaves",
  "payload",
  "base model",
  "state before",
  "next model",
  "state after",
  "rewards leaves",
] as const;
export type PublicBlob = (typeof PUBLIC_BLOBS)[number];

/**
 * The dispute on chain that proves a finding, or the reason that there is none. Indices count from
 * 0.
 */
export type Proof =
  /**
   * Wrong arithmetic in a chunk, or leaves that break a rule of the tree, which any chunk's dispute
   * meets.
   */
  | { readonly kind: "chunk"; readonly chunk: number }
  /** The envelope behind a leaf cannot be shown. */
  | { readonly kind: "leaf"; readonly index: number }
  /** The cumulative pay of a member (its address in base58) fell, or the member was dropped. */
  | { readonly kind: "shortfall"; readonly member: string }
  /** The rewards leaves do not ascend, or do not add up to the cumulative rewards. */
  | { readonly kind: "overpay" }
  /**
   * Bytes that the aggregator must be made to show. The dispute of this chunk, or that of the
   * rewards' total, demands them; if the aggregator cannot show them, it loses.
   */
  | { readonly kind: "withheld"; readonly blob: PublicBlob; readonly chunk: number }
  | { readonly kind: "not-provable"; readonly why: string };

/** The first thing that is wrong with a committed round. */
export type Finding = Proof & {
  /** One sentence that names the place, the committed value and the right one. */
  readonly text: string;
};

/** Why a finding that only a replay can show cannot be disputed. */
export const REPLAY_ONLY =
  "The program cannot compute it again; anyone who replays the round sees it.";
