import type {
  FederationConfiguration,
  RewardLeaf,
  RoundManifest,
  SignedQuestionnaireVersion,
  UpdateLeaf,
} from "@plenary/protocol";

/** What is fixed when a round opens. All of it is public. */
export interface RoundContext {
  readonly genesisHash: Uint8Array;
  readonly programId: Uint8Array;
  readonly federation: Uint8Array;
  readonly round: bigint;
  readonly configuration: FederationConfiguration;
  /** The questionnaire of the round; absent where it is the configuration's. */
  readonly questionnaire?: SignedQuestionnaireVersion | undefined;
  /** Hash of base root, round number and slot hash, from the Round account. */
  readonly seed: Uint8Array;
  /** Null where the configuration has no audits. */
  readonly auditDraw: AuditDraw | null;
  /** Hash of the manifest of the last committed round, or null before the first. */
  readonly previousManifest: Uint8Array | null;
  /** The model of the last committed round. */
  readonly base: Int32Array;
  /** The server's published state after the last committed round; initialState before the first. */
  readonly state: Int32Array;
  /**
   * The rewards of the last committed round, ascending by member: amounts since the federation
   * began.
   */
  readonly earned: readonly RewardLeaf[];
}

/** The draw of a round's audits. */
export interface AuditDraw {
  readonly slotHash: Uint8Array;
  /** As in the Round account: the hash of the slot hash and of all envelopes. */
  readonly drawn: Uint8Array;
}

/** A screened update with its signed message. */
export interface RoundUpdate {
  readonly leaf: UpdateLeaf;
  /** The member's update-signing key when the round opened. */
  readonly signingKey: Uint8Array;
  /** The encoded envelope, the signed message. */
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** The roots that round_commit takes. */
export interface RoundRoots {
  readonly base: Uint8Array;
  readonly next: Uint8Array;
  readonly stateBefore: Uint8Array;
  readonly stateAfter: Uint8Array;
  readonly updates: Uint8Array;
  readonly rewards: Uint8Array;
}

/** All that is computed when a round closes, before it is committed. Vectors are fixed point. */
export interface CompletedRound {
  readonly next: Int32Array;
  readonly state: Int32Array;
  readonly roots: RoundRoots;
  /** Every update with a receipt, ascending by member. */
  readonly leaves: readonly UpdateLeaf[];
  readonly totalWeight: number;
  readonly counted: number;
  /** Scores of the counted updates, ascending by member. */
  readonly scores: readonly { readonly member: Uint8Array; readonly score: bigint }[];
  /** Earnings of every member since the federation began, this round's included. */
  readonly rewards: readonly RewardLeaf[];
  readonly cumulativeRewards: bigint;
  readonly manifest: RoundManifest;
  readonly manifestHash: Uint8Array;
}
